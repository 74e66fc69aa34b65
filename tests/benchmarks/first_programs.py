"""Programs as users write them in a first cell, of 20 and of nearly 100 lines, to time the first gradient of; one of 50
lines, to time of which what is predicted takes."""
from __future__ import annotations

import math

import numpy as np

ORBIT = ((1.1, 0.4, 0.1, 0.4, 1.0, 0.5), 50)
BATCH = (np.array([0.8, 2.0, 0.3, 0.05, 1.2]), np.linspace(300.0, 320.0, 40), 60)
FLIGHT = (np.array([0.9, 12.0, 0.25, 0.05, 0.02, 1.5, 0.4, 3.0]), 40)


def predators(p, n):
    a, b, c, d, x, y = p
    h = 0.01
    total = 0.0
    v = 0.0
    for _ in range(n):
        ax = a * x - b * x * y
        ay = c * x * y - d * y
        mx = x + 0.5 * h * ax
        my = y + 0.5 * h * ay
        bx = a * mx - b * mx * my
        by = c * mx * my - d * my
        x = x + h * bx
        y = y + h * by
        if x > 1.0:
            v = v + h * math.sin(x)
        else:
            v = v * 0.99
        total += v * v + math.exp(-y * y)
    return total / n


def reactor(p, wall, n):
    rate, order, heat, loss, inflow = p
    m = wall.shape[0]
    h = 0.01
    # state along the tube: concentration, temperature
    c = np.zeros(m)
    t = np.zeros(m)
    for i in range(m):
        c[i] = 1.0
        t[i] = wall[i]
    made = 0.0
    hottest = 0.0
    for k in range(n):
        # what comes in, with a ramp at first
        time = k * h
        feed = inflow * (1.0 - math.exp(-5.0 * time))
        before_c = feed
        before_t = 300.0
        step = 0.0
        for i in range(m):
            # the reaction, faster where it is hot
            speed = rate * math.exp(-800.0 / t[i] + 2.5)
            if c[i] > 0.0:
                turned = speed * c[i] ** order
            else:
                turned = 0.0
            # flow from the cell before, heat through the wall
            flow_c = (before_c - c[i]) / 0.05
            flow_t = (before_t - t[i]) / 0.05
            lost = loss * (t[i] - wall[i])
            before_c = c[i]
            before_t = t[i]
            c[i] = c[i] + h * (flow_c - turned)
            t[i] = t[i] + h * (flow_t + 50.0 * heat * turned - lost)
            step = step + turned / m
            if t[i] > hottest:
                hottest = t[i]
        made += step * h
    # how even it is in the end
    mean = np.sum(t) / m
    spread = 0.0
    for i in range(m):
        apart = t[i] - mean
        spread += apart * apart
    spread = math.sqrt(spread / m + 1e-9)
    rest = np.sum(c * c) / m
    waste = c[m - 1] * feed
    risk = 1.0 / (1.0 + math.exp(0.1 * (400.0 - hottest)))
    return rest + 0.001 * spread + waste + risk - made


def glider(p, n):
    angle, speed, wing, drag, spin, mass, lag, gust = p
    g = 9.81
    h = 0.02
    # state: position, velocity, pitch, rate, elevator, battery
    x = 0.0
    z = 100.0
    vx = speed * math.cos(angle)
    vz = speed * math.sin(angle)
    pitch = angle
    rate = 0.0
    elevator = 0.0
    battery = 1.0
    heights = np.zeros(n)
    cost = 0.0
    for k in range(n):
        # wind
        t = k * h
        wind_x = gust * math.sin(0.7 * t)
        wind_z = 0.3 * gust * math.cos(1.3 * t)
        ux = vx - wind_x
        uz = vz - wind_z
        air = math.sqrt(ux * ux + uz * uz + 1e-6)
        path = math.atan2(uz, ux)
        attack = pitch - path
        # density falls with the height
        density = 1.225 * math.exp(-z / 8500.0)
        pressure = 0.5 * density * air * air
        # lift saturates, drag does not
        if attack > 0.3:
            lift_factor = 1.2 - 0.8 * (attack - 0.3)
        elif attack < -0.3:
            lift_factor = -1.2 - 0.8 * (attack + 0.3)
        else:
            lift_factor = 4.0 * attack
        lift = pressure * wing * lift_factor
        drag_factor = drag + 0.04 * lift_factor * lift_factor
        resistance = pressure * wing * drag_factor
        # forces in the frame of the path
        ca = ux / air
        sa = uz / air
        fx = -resistance * ca - lift * sa
        fz = -resistance * sa + lift * ca - mass * g
        # a small motor, as long as there is energy
        wanted = 2.0 * math.tanh(0.1 * (105.0 - z))
        if battery > 0.0 and wanted > 0.0:
            thrust = wanted * battery
            battery = battery - 0.001 * thrust * h
        else:
            thrust = 0.0
        fx = fx + thrust * math.cos(pitch)
        fz = fz + thrust * math.sin(pitch)
        # control of the pitch, with a lag
        error = 0.05 - pitch
        command = 2.0 * error - 0.5 * rate
        command = max(-0.4, min(0.4, command))
        elevator = elevator + h / lag * (command - elevator)
        moment = pressure * wing * (0.5 * elevator - 0.1 * attack)
        damping = spin * rate * abs(rate) + 0.2 * rate
        acceleration = (moment - damping) / (0.1 * mass)
        # midpoint step
        mid_vx = vx + 0.5 * h * fx / mass
        mid_vz = vz + 0.5 * h * fz / mass
        mid_rate = rate + 0.5 * h * acceleration
        x = x + h * mid_vx
        z = z + h * mid_vz
        pitch = pitch + h * mid_rate
        vx = vx + h * fx / mass
        vz = vz + h * fz / mass
        rate = rate + h * acceleration
        # the ground is soft
        if z < 0.0:
            depth = -z
            z = 0.0
            vz = -0.3 * vz
            vx = 0.8 * vx
            cost += 10.0 * depth
        heights[k] = z
        # what is penalised
        cost += 0.01 * attack * attack + 0.001 * command * command
        cost += 0.0001 * (z - 100.0) ** 2
        cost += 0.01 * math.log(1.0 + rate * rate)
    # smoothness of the heights
    rough = 0.0
    for k in range(1, n - 1):
        bend = heights[k + 1] - 2.0 * heights[k] + heights[k - 1]
        rough += bend * bend
    highest = heights[0]
    for k in range(1, n):
        if heights[k] > highest:
            highest = heights[k]
    reach = x / (1.0 + 0.01 * x)
    return cost / n + rough - 0.05 * reach - 0.01 * highest
