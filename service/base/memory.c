/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>

#include "service/base/fiber.h"

#define LARGE_ALLOCATION (256 * 1024)

void memory_init(void)
{
        /* Helper threads write files; they need no heaps of their own. */
        mallopt(M_ARENA_MAX, 1);
        /* What a large message took goes back at once: glibc would take it for a habit, and keep
         * twice as much. */
        mallopt(M_MMAP_THRESHOLD, LARGE_ALLOCATION);
        mallopt(M_TRIM_THRESHOLD, LARGE_ALLOCATION);
}

/* The segment that a file begins with, where linkers keep it apart, has what the dynamic linker
 * reads and nobody else: hashes, symbols, relocations. For all libraries together these are more
 * than the code that runs. What a late binding needs of them comes back from the page cache.
 *
 * Only what is nowhere else but in the file may be dropped: not what can be written, and no
 * object whose relocations write to what cannot. */
static int drop_link_tables(struct dl_phdr_info *object, size_t size, void *data)
{
        const ElfW(Phdr) *first = NULL;

        (void)size, (void)data;
        for (unsigned i = 0; i < object->dlpi_phnum; i++) {
                const ElfW(Phdr) *header = &object->dlpi_phdr[i];
                const ElfW(Dyn) * entry;

                if (header->p_type == PT_LOAD && header->p_offset == 0 && header->p_flags == PF_R)
                        first = header;
                if (header->p_type != PT_DYNAMIC)
                        continue;
                for (entry = (void *)(object->dlpi_addr + header->p_vaddr); entry->d_tag != DT_NULL;
                        entry++)
                        if (entry->d_tag == DT_TEXTREL ||
                                (entry->d_tag == DT_FLAGS && entry->d_un.d_val & DF_TEXTREL))
                                return 0;
        }
        if (first)
                madvise((void *)(object->dlpi_addr + first->p_vaddr), first->p_filesz,
                        MADV_DONTNEED);
        return 0;
}

void memory_settle(void)
{
        fibers_drop_stacks();
        /* Definitions, what a QEMU says of itself when it is probed, and many calls at once leave a
         * heap of holes: glibc gives back its end only, which is where what lives long may lie. */
        malloc_trim(0);
        dl_iterate_phdr(drop_link_tables, NULL);
}

/* NULL: it is not due. */
static sd_event_source *settling;

static int on_settled(sd_event_source *source, uint64_t usec, void *data)
{
        (void)source, (void)usec, (void)data;
        memory_finish();
        memory_settle();
        return 0;
}

void memory_settle_in(uint64_t usec)
{
        if (settling)
                return;
        /* Where there is no memory for that, the next one will ask for it. */
        sd_event_add_time_relative(
                fibers_event(), &settling, CLOCK_MONOTONIC, usec, 0, on_settled, NULL);
}

void memory_finish(void)
{
        settling = sd_event_source_disable_unref(settling);
}
