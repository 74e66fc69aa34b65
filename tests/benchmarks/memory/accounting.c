/* The C library's allocator, with every byte counted that is handed out. Loaded before the C library (LD_PRELOAD).

   accounting_begin() sets all counters to 0; accounting_peak() is the most that was held at a time since then, beyond
   what was held at the beginning. A program says for which of its variables it is about to allocate, allot(v), and when
   it has done so, allot(0). What it has allocated in between, and not freed, is allotted to the variable until it is
   freed; accounting_allotted() is the most that was allotted at a time, accounting_share(v) what the variable had of
   it. grown(v) is allot(v) where the variable's new block takes the place of those before, which no longer count
   although they may be freed a little later. Sizes are those of malloc_usable_size. For one thread. */
#include <errno.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

#define BITS 20
#define BLOCKS (1 << BITS)  /* at most so many are told apart at a time */
#define VARIABLES 4096
#define LATEST 4096
static struct entry { void *block; int64_t variable, size; } table[BLOCKS];
static int64_t now, peak, current, is_growing, allotted, most, held[VARIABLES], share[VARIABLES];
static void *latest[LATEST];
static int count;

static size_t place(void *block) {
    size_t k = ((uintptr_t)block >> 4) * 0x9E3779B97F4A7C15ull >> (64 - BITS);
    while (table[k].block && table[k].block != block) k = (k + 1) % BLOCKS;
    return k;
}

static void give_up(size_t k) {
    allotted -= table[k].size;
    held[table[k].variable] -= table[k].size;
    table[k].variable = 0;
}

static void forget(size_t k) {  /* what follows without a gap is entered again */
    table[k].block = NULL;
    for (k = (k + 1) % BLOCKS; table[k].block; k = (k + 1) % BLOCKS) {
        struct entry moved = table[k];
        table[k].block = NULL;
        table[place(moved.block)] = moved;
    }
}

static void *made(void *block) {
    if (!block) return block;
    int64_t size = malloc_usable_size(block);
    now += size;
    if (now > peak) peak = now;
    if (current && count == LATEST) {  /* many come and go while one is made */
        int kept = 0;
        for (int n = 0; n < count; n++)
            if (table[place(latest[n])].block) latest[kept++] = latest[n];
        count = kept;
    }
    if (current && count < LATEST) {
        table[place(block)] = (struct entry){block, 0, size};
        latest[count++] = block;
    }
    return block;
}

static void gone(void *block) {
    if (!block) return;
    now -= malloc_usable_size(block);
    size_t k = place(block);
    if (!table[k].block) return;
    if (table[k].variable) give_up(k);
    forget(k);
}

void *malloc(size_t size) { return made(__libc_malloc(size)); }
void *calloc(size_t number, size_t size) { return made(__libc_calloc(number, size)); }
void free(void *block) { gone(block); __libc_free(block); }
void *memalign(size_t alignment, size_t size) { return made(__libc_memalign(alignment, size)); }
void *aligned_alloc(size_t alignment, size_t size) { return made(__libc_memalign(alignment, size)); }

int posix_memalign(void **block, size_t alignment, size_t size) {
    *block = made(__libc_memalign(alignment, size));
    return *block ? 0 : ENOMEM;
}

void *realloc(void *block, size_t size) {
    if (!block) return malloc(size);
    int64_t before = malloc_usable_size(block);
    void *again = __libc_realloc(block, size);
    if (!again) {
        if (!size) now -= before;
        return again;
    }
    now -= before;
    size_t k = place(block);
    if (table[k].block) {
        if (table[k].variable) give_up(k);
        forget(k);
    }
    return made(again);
}

int32_t allot(int64_t variable) {
    if (variable) {
        current = variable, count = 0, is_growing = 0;
        return 0;
    }
    for (size_t k = 0; is_growing && held[current] && k < BLOCKS; k++)
        if (table[k].block && table[k].variable == current) give_up(k);
    for (int n = 0; n < count; n++) {
        size_t k = place(latest[n]);
        if (table[k].block && !table[k].variable) {
            table[k].variable = current;
            allotted += table[k].size;
            held[current] += table[k].size;
        }
    }
    if (allotted > most) {
        most = allotted;
        memcpy(share, held, sizeof held);
    }
    current = 0;
    return 0;
}

int32_t grown(int64_t variable) {
    allot(variable);
    is_growing = 1;
    return 0;
}

void accounting_begin(void) {
    memset(table, 0, sizeof table);
    memset(held, 0, sizeof held);
    memset(share, 0, sizeof share);
    now = peak = current = is_growing = allotted = most = 0;
}

int64_t accounting_peak(void) { return peak; }
int64_t accounting_allotted(void) { return most; }
int64_t accounting_share(int64_t variable) { return share[variable]; }
