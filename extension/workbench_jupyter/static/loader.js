// What every live view's model holds: it finds the static view in the page, and asks the kernel for script and data.
//
// No widget is displayed, so a saved notebook holds only static HTML: the model's `initialize` runs when the kernel
// opens it, in a reloaded page again, and takes over elements marked with its token whenever they (re)appear.

import { linkTo } from "./link.js";

/** The script of a kind of view; asked for once a page. */
function moduleOf(kind, version, link) {
  const modules = (globalThis.__workbenchModules ??= new Map());
  const key = `${kind} ${version}`;
  if (!modules.has(key)) {
    const loading = link.ask({ what: "script" }).then(async text => {
      const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      try {
        return await import(url);
      } finally {
        URL.revokeObjectURL(url);
      }
    });
    loading.catch(() => modules.delete(key));
    modules.set(key, loading);
  }
  return modules.get(key);
}

/** One observer a page: calls back for marked elements that are not alive, at most once a frame. */
function watcher() {
  return (globalThis.__workbenchWatcher ??= (() => {
    const tokens = new Map();
    let asked = false;
    const look = () => {
      asked = false;
      for (const element of document.querySelectorAll("[data-wb-live]:not([data-wb-alive])")) {
        const enliven = tokens.get(element.dataset.wbLive);
        if (enliven) {
          element.dataset.wbAlive = "";
          enliven(element);
        }
      }
    };
    const later = () => {
      if (!asked && tokens.size) {
        asked = true;
        requestAnimationFrame(look);
      }
    };
    new MutationObserver(later).observe(document.body, { childList: true, subtree: true });
    return {
      add(token, enliven) {
        tokens.set(token, enliven);
        later();
      },
      remove(token) {
        tokens.delete(token);
      },
    };
  })());
}

async function mounted(element, model, link) {
  const module = await moduleOf(model.get("kind"), model.get("version"), link);
  const data = await link.ask({ what: "data" });
  const start = performance.now();
  const unmount = await module.mount(element, data, link);
  // how long a view took to open, until its first frame is drawn, for whoever looks at the page's timeline
  requestAnimationFrame(() => setTimeout(() => performance.measure(`workbench ${model.get("kind")}`, { start })));
  return unmount;
}

export default {
  initialize({ model }) {
    const link = linkTo(model);
    const token = model.get("token");
    const unmounts = [];
    watcher().add(token, element => {
      const before = Array.from(element.childNodes);
      mounted(element, model, link).then(
        unmount => typeof unmount === "function" && unmounts.push(unmount),
        error => {
          element.replaceChildren(...before); // the static view stays
          if (/^cannot send/i.test(error.message)) return; // the kernel that the view was made by is gone
          const note = document.createElement("div");
          note.className = "wb-missing";
          note.setAttribute("role", "status");
          note.textContent = `not interactive: ${error.message}`;
          (element.querySelector(".wb-view") ?? element).append(note);
        },
      );
    });
    return () => {
      watcher().remove(token);
      for (const unmount of unmounts) unmount();
      link.close();
    };
  },
  /** Displayed as a widget (inside other widgets, in marimo): the static form first, then the live one. */
  async render({ model, el }) {
    const link = linkTo(model);
    el.innerHTML = await link.ask({ what: "html" }); // made by the kernel with every text of the user's escaped
    const unmount = await mounted(el, model, link);
    return () => {
      if (typeof unmount === "function") unmount();
      link.close();
    };
  },
};
