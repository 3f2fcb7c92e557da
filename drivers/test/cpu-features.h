/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The x86 processor models that QEMU has, by name. */
typedef struct CpuFeatures {
        const char *model;
        const char *vendor;   /* as a processor says it: "GenuineIntel" */
        const char *features; /* by name, with blanks between */
} CpuFeatures;

extern const CpuFeatures cpu_features[];
extern const unsigned n_cpu_features;
