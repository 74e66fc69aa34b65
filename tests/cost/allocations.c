/* The raw allocator of Python, which Numba's arrays are made by, with the bytes of arrays counted: what is asked for
   less the head and the alignment that Numba adds. An array whose memory may be resized has its head apart, which is
   allocated just after it and points to it. For one thread. */
#include <Python.h>

#define HEAD 48  /* sizeof(NRT_MemInfo) */
#define ADDED (HEAD + 2 * 32)
#define BLOCKS (1 << 16)
static struct entry { void *block; int64_t size; } table[BLOCKS];
static PyMemAllocatorEx real;
static int64_t now, most;
static int counting;
static void *latest;  /* block */
static struct head { void *references, *destructor, *argument, *data; } *head;  /* that may be its head */

static size_t place(void *block) {
    size_t k = ((uintptr_t)block >> 4) * 0x9E3779B97F4A7C15ull >> 48;
    while (table[k].block && table[k].block != block) k = (k + 1) % BLOCKS;
    return k;
}

static void enter(void *block, int64_t size) {
    if (!block || !counting) return;
    table[place(block)] = (struct entry){block, size};
    now += size;
    if (now > most) most = now;
}

static int64_t forget(void *block) {
    size_t k = place(block);
    if (!block || !table[k].block) return 0;
    int64_t size = table[k].size;
    now -= size;
    table[k].block = NULL;
    for (k = (k + 1) % BLOCKS; table[k].block; k = (k + 1) % BLOCKS) {
        struct entry moved = table[k];
        table[k].block = NULL;
        table[place(moved.block)] = moved;
    }
    return size;
}

static void look(void) {  /* whether the latest block has its head apart, so that all of it is data */
    if (head && latest && head->data == latest) enter(latest, forget(latest) + ADDED);
    head = NULL;
    latest = NULL;
}

static void *made(void *context, size_t size) {
    void *block = real.malloc(real.ctx, size);
    if (size == HEAD && latest && !head) {
        head = block;
        return block;
    }
    look();
    if (size >= ADDED) enter(latest = block, size - ADDED);
    return block;
}

static void *cleared(void *context, size_t number, size_t size) { return real.calloc(real.ctx, number, size); }

static void *resized(void *context, void *block, size_t size) {
    look();
    int known = block && table[place(block)].block;
    forget(block);
    void *again = real.realloc(real.ctx, block, size);
    if (known) enter(again, size);
    return again;
}

static void freed(void *context, void *block) {
    look();
    forget(block);
    real.free(real.ctx, block);
}

void accounting_install(void) {
    PyMem_GetAllocator(PYMEM_DOMAIN_RAW, &real);
    PyMemAllocatorEx own = {NULL, made, cleared, resized, freed};
    PyMem_SetAllocator(PYMEM_DOMAIN_RAW, &own);
}

void accounting_begin(void) {
    memset(table, 0, sizeof table);
    now = most = 0;
    head = NULL;
    latest = NULL;
    counting = 1;
}

int64_t accounting_end(void) {
    look();
    counting = 0;
    return most;
}

int64_t accounting_left(void) { return now; }
