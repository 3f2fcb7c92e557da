/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The names of processor models that a test host knows, for each architecture. */

#include <string.h>

#include "drivers/test/test.h"

static const char *const x86_models[] = { "486", "pentium", "pentium2", "pentium3", "pentiumpro",
        "coreduo", "n270", "core2duo", "qemu32", "kvm32", "cpu64-rhel5", "cpu64-rhel6", "qemu64",
        "kvm64", "Conroe", "Penryn", "Nehalem", "Nehalem-IBRS", "Westmere", "Westmere-IBRS",
        "SandyBridge", "SandyBridge-IBRS", "IvyBridge", "IvyBridge-IBRS", "Haswell-noTSX",
        "Haswell-noTSX-IBRS", "Haswell", "Haswell-IBRS", "Broadwell-noTSX", "Broadwell-noTSX-IBRS",
        "Broadwell", "Broadwell-IBRS", "Skylake-Client", "Skylake-Client-IBRS",
        "Skylake-Client-noTSX-IBRS", "Skylake-Server", "Skylake-Server-IBRS",
        "Skylake-Server-noTSX-IBRS", "Cascadelake-Server", "Cascadelake-Server-noTSX",
        "Icelake-Client", "Icelake-Client-noTSX", "Icelake-Server", "Icelake-Server-noTSX",
        "Cooperlake", "Snowridge", "athlon", "phenom", "Opteron_G1", "Opteron_G2", "Opteron_G3",
        "Opteron_G4", "Opteron_G5", "EPYC", "EPYC-IBPB", "EPYC-Rome", "EPYC-Milan", "Dhyana",
        NULL };

static const char *const power_models[] = { "POWER6", "POWER7", "POWER8", "POWER9", "POWER10",
        "POWERPC_e5500", "POWERPC_e6500", NULL };

/* An architecture without models of its own takes any name. */
static const char *const any_model[] = { NULL };

static const struct {
        const char *arch;
        const char *const *models; /* NULL: its processors are not known */
} archs[] = {
        { "i686", x86_models },
        { "x86_64", x86_models },
        { "ppc64", power_models },
        { "ppc64le", power_models },
        { "aarch64", any_model },
        { "armv6l", any_model },
        { "armv7l", any_model },
        { "armv7b", any_model },
        { "s390", any_model },
        { "s390x", any_model },
        { "alpha", NULL },
        { "loongarch64", NULL },
        { "m68k", NULL },
        { "mips", NULL },
        { "mips64", NULL },
        { "mips64el", NULL },
        { "mipsel", NULL },
        { "ppc", NULL },
        { "riscv32", NULL },
        { "riscv64", NULL },
        { "sparc", NULL },
        { "sparc64", NULL },
};

bool test_x86_model(const char *name)
{
        return g_strv_contains(x86_models, name);
}

TEST_HOST(get_cpu_model_names, GetCPUModelNames)
{
        (void)connection;
        for (unsigned i = 0; i < G_N_ELEMENTS(archs); i++) {
                if (strcmp(archs[i].arch, in->arch) != 0)
                        continue;
                if (!archs[i].models)
                        return error_set(error, ERROR_NO_SUPPORT,
                                "'%s' architecture is not supported by CPU driver", in->arch);
                out->models.items = g_strdupv((char **)archs[i].models);
                out->models.n = g_strv_length((char **)archs[i].models);
                return 0;
        }
        return error_set(error, ERROR_INVALID_ARG, "cannot find architecture %s", in->arch);
}
