/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Made by cpu-features.py from QEMU 7.2; not to be edited. */

#include "drivers/test/cpu-features.h"

/* clang-format off */
const CpuFeatures cpu_features[] = {
        { "486", "GenuineIntel",
          "fpu pse" },
        { "Broadwell", "GenuineIntel",
          "3dnowprefetch abm adx aes apic arat avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms f16c "
          "fma fpu fsgsbase fxsr hle invpcid lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid "
          "pclmuldq pge pni popcnt pse pse36 rdrand rdseed rdtscp rtm sep smap smep sse sse2 sse4.1 "
          "sse4.2 ssse3 syscall tsc tsc-deadline x2apic xsave xsaveopt" },
        { "Broadwell-IBRS", "GenuineIntel",
          "3dnowprefetch abm adx aes apic arat avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms f16c "
          "fma fpu fsgsbase fxsr hle invpcid lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid "
          "pclmuldq pge pni popcnt pse pse36 rdrand rdseed rdtscp rtm sep smap smep spec-ctrl sse sse2 "
          "sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline x2apic xsave xsaveopt" },
        { "Broadwell-noTSX", "GenuineIntel",
          "3dnowprefetch abm adx aes apic arat avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms f16c "
          "fma fpu fsgsbase fxsr invpcid lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid "
          "pclmuldq pge pni popcnt pse pse36 rdrand rdseed rdtscp sep smap smep sse sse2 sse4.1 sse4.2 "
          "ssse3 syscall tsc tsc-deadline x2apic xsave xsaveopt" },
        { "Broadwell-noTSX-IBRS", "GenuineIntel",
          "3dnowprefetch abm adx aes apic arat avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms f16c "
          "fma fpu fsgsbase fxsr invpcid lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid "
          "pclmuldq pge pni popcnt pse pse36 rdrand rdseed rdtscp sep smap smep spec-ctrl sse sse2 "
          "sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline x2apic xsave xsaveopt" },
        { "Cascadelake-Server", "GenuineIntel",
          "3dnowprefetch abm adx aes apic arat avx avx2 avx512bw avx512cd avx512dq avx512f avx512vl "
          "avx512vnni bmi1 bmi2 clflush clflushopt clwb cmov cx16 cx8 de erms f16c fma fpu fsgsbase "
          "fxsr hle invpcid lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pdpe1gb pge "
          "pku pni popcnt pse pse36 rdrand rdseed rdtscp rtm sep smap smep spec-ctrl ssbd sse sse2 "
          "sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline x2apic xgetbv1 xsave xsavec xsaveopt" },
        { "Cascadelake-Server-noTSX", "GenuineIntel",
          "3dnowprefetch abm adx aes apic arat arch-capabilities avx avx2 avx512bw avx512cd avx512dq "
          "avx512f avx512vl avx512vnni bmi1 bmi2 clflush clflushopt clwb cmov cx16 cx8 de erms f16c "
          "fma fpu fsgsbase fxsr ibrs-all invpcid lahf_lm lm mca mce mds-no mmx movbe msr mtrr nx pae "
          "pat pcid pclmuldq pdpe1gb pge pku pni popcnt pse pse36 rdctl-no rdrand rdseed rdtscp sep "
          "skip-l1dfl-vmentry smap smep spec-ctrl ssbd sse sse2 sse4.1 sse4.2 ssse3 syscall tsc "
          "tsc-deadline x2apic xgetbv1 xsave xsavec xsaveopt" },
        { "Conroe", "GenuineIntel",
          "apic clflush cmov cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pge pni pse "
          "pse36 sep sse sse2 ssse3 syscall tsc" },
        { "Cooperlake", "GenuineIntel",
          "3dnowprefetch abm adx aes apic arat arch-capabilities avx avx2 avx512-bf16 avx512bw "
          "avx512cd avx512dq avx512f avx512vl avx512vnni bmi1 bmi2 clflush clflushopt clwb cmov cx16 "
          "cx8 de erms f16c fma fpu fsgsbase fxsr hle ibrs-all invpcid lahf_lm lm mca mce mds-no mmx "
          "movbe msr mtrr nx pae pat pcid pclmuldq pdpe1gb pge pku pni popcnt pschange-mc-no pse pse36 "
          "rdctl-no rdrand rdseed rdtscp rtm sep skip-l1dfl-vmentry smap smep spec-ctrl ssbd sse sse2 "
          "sse4.1 sse4.2 ssse3 stibp syscall taa-no tsc tsc-deadline x2apic xgetbv1 xsave xsavec "
          "xsaveopt" },
        { "Denverton", "GenuineIntel",
          "3dnowprefetch aes apic arat arch-capabilities clflush clflushopt cmov cx16 cx8 de erms fpu "
          "fsgsbase fxsr lahf_lm lm mca mce mmx monitor movbe mpx msr mtrr nx pae pat pclmuldq pdpe1gb "
          "pge pni popcnt pse pse36 rdctl-no rdrand rdseed rdtscp sep sha-ni skip-l1dfl-vmentry smap "
          "smep spec-ctrl ssbd sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline x2apic xgetbv1 "
          "xsave xsavec xsaveopt" },
        { "Dhyana", "HygonGenuine",
          "3dnowprefetch abm adx apic arat avx avx2 bmi1 bmi2 clflush clflushopt cmov cr8legacy cx16 "
          "cx8 de f16c fma fpu fsgsbase fxsr fxsr_opt ibpb lahf_lm lm mca mce misalignsse mmx mmxext "
          "monitor movbe msr mtrr npt nrip-save nx osvw pae pat pdpe1gb pge pni popcnt pse pse36 "
          "rdrand rdseed rdtscp sep smap smep sse sse2 sse4.1 sse4.2 sse4a ssse3 svm syscall topoext "
          "tsc xgetbv1 xsave xsavec xsaveopt" },
        { "EPYC", "AuthenticAMD",
          "3dnowprefetch abm adx aes apic arat avx avx2 bmi1 bmi2 clflush clflushopt cmov cr8legacy "
          "cx16 cx8 de f16c fma fpu fsgsbase fxsr fxsr_opt lahf_lm lm mca mce misalignsse mmx mmxext "
          "monitor movbe msr mtrr npt nrip-save nx osvw pae pat pclmuldq pdpe1gb pge pni popcnt pse "
          "pse36 rdrand rdseed rdtscp sep sha-ni smap smep sse sse2 sse4.1 sse4.2 sse4a ssse3 svm "
          "syscall topoext tsc xgetbv1 xsave xsavec xsaveopt" },
        { "EPYC-IBPB", "AuthenticAMD",
          "3dnowprefetch abm adx aes apic arat avx avx2 bmi1 bmi2 clflush clflushopt cmov cr8legacy "
          "cx16 cx8 de f16c fma fpu fsgsbase fxsr fxsr_opt ibpb lahf_lm lm mca mce misalignsse mmx "
          "mmxext monitor movbe msr mtrr npt nrip-save nx osvw pae pat pclmuldq pdpe1gb pge pni popcnt "
          "pse pse36 rdrand rdseed rdtscp sep sha-ni smap smep sse sse2 sse4.1 sse4.2 sse4a ssse3 svm "
          "syscall topoext tsc xgetbv1 xsave xsavec xsaveopt" },
        { "EPYC-Milan", "AuthenticAMD",
          "3dnowprefetch abm adx aes amd-ssbd amd-stibp apic arat avx avx2 bmi1 bmi2 clflush "
          "clflushopt clwb clzero cmov cr8legacy cx16 cx8 de erms f16c fma fpu fsgsbase fsrm fxsr "
          "fxsr_opt ibpb ibrs invpcid lahf_lm lm mca mce misalignsse mmx mmxext monitor movbe msr mtrr "
          "npt nrip-save nx osvw pae pat pcid pclmuldq pdpe1gb perfctr_core pge pku pni popcnt pse "
          "pse36 rdpid rdrand rdseed rdtscp sep sha-ni smap smep sse sse2 sse4.1 sse4.2 sse4a ssse3 "
          "svm svme-addr-chk syscall topoext tsc umip wbnoinvd xgetbv1 xsave xsavec xsaveerptr "
          "xsaveopt xsaves" },
        { "EPYC-Rome", "AuthenticAMD",
          "3dnowprefetch abm adx aes amd-stibp apic arat avx avx2 bmi1 bmi2 clflush clflushopt clwb "
          "clzero cmov cr8legacy cx16 cx8 de f16c fma fpu fsgsbase fxsr fxsr_opt ibpb lahf_lm lm mca "
          "mce misalignsse mmx mmxext monitor movbe msr mtrr npt nrip-save nx osvw pae pat pclmuldq "
          "pdpe1gb perfctr_core pge pni popcnt pse pse36 rdpid rdrand rdseed rdtscp sep sha-ni smap "
          "smep sse sse2 sse4.1 sse4.2 sse4a ssse3 svm syscall topoext tsc umip wbnoinvd xgetbv1 xsave "
          "xsavec xsaveerptr xsaveopt xsaves" },
        { "Haswell", "GenuineIntel",
          "abm aes apic arat avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms f16c fma fpu fsgsbase "
          "fxsr hle invpcid lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pge pni "
          "popcnt pse pse36 rdrand rdtscp rtm sep smep sse sse2 sse4.1 sse4.2 ssse3 syscall tsc "
          "tsc-deadline x2apic xsave xsaveopt" },
        { "Haswell-IBRS", "GenuineIntel",
          "abm aes apic arat avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms f16c fma fpu fsgsbase "
          "fxsr hle invpcid lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pge pni "
          "popcnt pse pse36 rdrand rdtscp rtm sep smep spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 syscall "
          "tsc tsc-deadline x2apic xsave xsaveopt" },
        { "Haswell-noTSX", "GenuineIntel",
          "abm aes apic arat avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms f16c fma fpu fsgsbase "
          "fxsr invpcid lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pge pni popcnt "
          "pse pse36 rdrand rdtscp sep smep sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline "
          "x2apic xsave xsaveopt" },
        { "Haswell-noTSX-IBRS", "GenuineIntel",
          "abm aes apic arat avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms f16c fma fpu fsgsbase "
          "fxsr invpcid lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pge pni popcnt "
          "pse pse36 rdrand rdtscp sep smep spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 syscall tsc "
          "tsc-deadline x2apic xsave xsaveopt" },
        { "Icelake-Server", "GenuineIntel",
          "3dnowprefetch abm adx aes apic arat avx avx2 avx512-vpopcntdq avx512bitalg avx512bw "
          "avx512cd avx512dq avx512f avx512vbmi avx512vbmi2 avx512vl avx512vnni bmi1 bmi2 clflush "
          "clflushopt clwb cmov cx16 cx8 de erms f16c fma fpu fsgsbase fxsr gfni hle invpcid la57 "
          "lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pdpe1gb pge pku pni popcnt "
          "pse pse36 rdrand rdseed rdtscp rtm sep smap smep spec-ctrl ssbd sse sse2 sse4.1 sse4.2 "
          "ssse3 syscall tsc tsc-deadline umip vaes vpclmulqdq wbnoinvd x2apic xgetbv1 xsave xsavec "
          "xsaveopt" },
        { "Icelake-Server-noTSX", "GenuineIntel",
          "3dnowprefetch abm adx aes apic arat avx avx2 avx512-vpopcntdq avx512bitalg avx512bw "
          "avx512cd avx512dq avx512f avx512vbmi avx512vbmi2 avx512vl avx512vnni bmi1 bmi2 clflush "
          "clflushopt clwb cmov cx16 cx8 de erms f16c fma fpu fsgsbase fxsr gfni invpcid la57 lahf_lm "
          "lm mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pdpe1gb pge pku pni popcnt pse pse36 "
          "rdrand rdseed rdtscp sep smap smep spec-ctrl ssbd sse sse2 sse4.1 sse4.2 ssse3 syscall tsc "
          "tsc-deadline umip vaes vpclmulqdq wbnoinvd x2apic xgetbv1 xsave xsavec xsaveopt" },
        { "IvyBridge", "GenuineIntel",
          "aes apic arat avx clflush cmov cx16 cx8 de erms f16c fpu fsgsbase fxsr lahf_lm lm mca mce "
          "mmx msr mtrr nx pae pat pclmuldq pge pni popcnt pse pse36 rdrand rdtscp sep smep sse sse2 "
          "sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline x2apic xsave xsaveopt" },
        { "IvyBridge-IBRS", "GenuineIntel",
          "aes apic arat avx clflush cmov cx16 cx8 de erms f16c fpu fsgsbase fxsr lahf_lm lm mca mce "
          "mmx msr mtrr nx pae pat pclmuldq pge pni popcnt pse pse36 rdrand rdtscp sep smep spec-ctrl "
          "sse sse2 sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline x2apic xsave xsaveopt" },
        { "KnightsMill", "GenuineIntel",
          "3dnowprefetch abm adx aes apic arat avx avx2 avx512-4fmaps avx512-4vnniw avx512-vpopcntdq "
          "avx512cd avx512er avx512f avx512pf bmi1 bmi2 clflush cmov cx16 cx8 de erms f16c fma fpu "
          "fsgsbase fxsr lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pclmuldq pdpe1gb pge pni "
          "popcnt pse pse36 rdrand rdseed rdtscp sep smep ss sse sse2 sse4.1 sse4.2 ssse3 syscall tsc "
          "tsc-deadline x2apic xsave xsaveopt" },
        { "Nehalem", "GenuineIntel",
          "apic clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pge pni "
          "popcnt pse pse36 sep sse sse2 sse4.1 sse4.2 ssse3 syscall tsc" },
        { "Nehalem-IBRS", "GenuineIntel",
          "apic clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pge pni "
          "popcnt pse pse36 sep spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 syscall tsc" },
        { "Opteron_G1", "AuthenticAMD",
          "apic clflush cmov cx8 de fpu fxsr lm mca mce mmx msr mtrr nx pae pat pge pni pse pse36 sep "
          "sse sse2 syscall tsc" },
        { "Opteron_G2", "AuthenticAMD",
          "apic clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pge pni "
          "pse pse36 sep sse sse2 svm syscall tsc" },
        { "Opteron_G3", "AuthenticAMD",
          "abm apic clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce misalignsse mmx monitor msr "
          "mtrr nx pae pat pge pni popcnt pse pse36 rdtscp sep sse sse2 sse4a svm syscall tsc" },
        { "Opteron_G4", "AuthenticAMD",
          "3dnowprefetch abm aes apic avx clflush cmov cx16 cx8 de fma4 fpu fxsr lahf_lm lm mca mce "
          "misalignsse mmx msr mtrr npt nrip-save nx pae pat pclmuldq pdpe1gb pge pni popcnt pse pse36 "
          "rdtscp sep sse sse2 sse4.1 sse4.2 sse4a ssse3 svm syscall tsc xop xsave" },
        { "Opteron_G5", "AuthenticAMD",
          "3dnowprefetch abm aes apic avx clflush cmov cx16 cx8 de f16c fma fma4 fpu fxsr lahf_lm lm "
          "mca mce misalignsse mmx msr mtrr npt nrip-save nx pae pat pclmuldq pdpe1gb pge pni popcnt "
          "pse pse36 rdtscp sep sse sse2 sse4.1 sse4.2 sse4a ssse3 svm syscall tbm tsc xop xsave" },
        { "Penryn", "GenuineIntel",
          "apic clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pge pni "
          "pse pse36 sep sse sse2 sse4.1 ssse3 syscall tsc" },
        { "SandyBridge", "GenuineIntel",
          "aes apic arat avx clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae "
          "pat pclmuldq pge pni popcnt pse pse36 rdtscp sep sse sse2 sse4.1 sse4.2 ssse3 syscall tsc "
          "tsc-deadline x2apic xsave xsaveopt" },
        { "SandyBridge-IBRS", "GenuineIntel",
          "aes apic arat avx clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae "
          "pat pclmuldq pge pni popcnt pse pse36 rdtscp sep spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 "
          "syscall tsc tsc-deadline x2apic xsave xsaveopt" },
        { "Skylake-Client", "GenuineIntel",
          "3dnowprefetch abm adx aes apic arat avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms f16c "
          "fma fpu fsgsbase fxsr hle invpcid lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid "
          "pclmuldq pge pni popcnt pse pse36 rdrand rdseed rdtscp rtm sep smap smep sse sse2 sse4.1 "
          "sse4.2 ssse3 syscall tsc tsc-deadline x2apic xgetbv1 xsave xsavec xsaveopt" },
        { "Skylake-Client-IBRS", "GenuineIntel",
          "3dnowprefetch abm adx aes apic arat avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms f16c "
          "fma fpu fsgsbase fxsr hle invpcid lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid "
          "pclmuldq pge pni popcnt pse pse36 rdrand rdseed rdtscp rtm sep smap smep spec-ctrl sse sse2 "
          "sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline x2apic xgetbv1 xsave xsavec xsaveopt" },
        { "Skylake-Client-noTSX-IBRS", "GenuineIntel",
          "3dnowprefetch abm adx aes apic arat avx avx2 bmi1 bmi2 clflush cmov cx16 cx8 de erms f16c "
          "fma fpu fsgsbase fxsr invpcid lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid "
          "pclmuldq pge pni popcnt pse pse36 rdrand rdseed rdtscp sep smap smep spec-ctrl sse sse2 "
          "sse4.1 sse4.2 ssse3 syscall tsc tsc-deadline x2apic xgetbv1 xsave xsavec xsaveopt" },
        { "Skylake-Server", "GenuineIntel",
          "3dnowprefetch abm adx aes apic arat avx avx2 avx512bw avx512cd avx512dq avx512f avx512vl "
          "bmi1 bmi2 clflush clflushopt clwb cmov cx16 cx8 de erms f16c fma fpu fsgsbase fxsr hle "
          "invpcid lahf_lm lm mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pdpe1gb pge pku pni "
          "popcnt pse pse36 rdrand rdseed rdtscp rtm sep smap smep sse sse2 sse4.1 sse4.2 ssse3 "
          "syscall tsc tsc-deadline x2apic xgetbv1 xsave xsavec xsaveopt" },
        { "Skylake-Server-IBRS", "GenuineIntel",
          "3dnowprefetch abm adx aes apic arat avx avx2 avx512bw avx512cd avx512dq avx512f avx512vl "
          "bmi1 bmi2 clflush clwb cmov cx16 cx8 de erms f16c fma fpu fsgsbase fxsr hle invpcid lahf_lm "
          "lm mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pdpe1gb pge pku pni popcnt pse pse36 "
          "rdrand rdseed rdtscp rtm sep smap smep spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 syscall tsc "
          "tsc-deadline x2apic xgetbv1 xsave xsavec xsaveopt" },
        { "Skylake-Server-noTSX-IBRS", "GenuineIntel",
          "3dnowprefetch abm adx aes apic arat avx avx2 avx512bw avx512cd avx512dq avx512f avx512vl "
          "bmi1 bmi2 clflush clwb cmov cx16 cx8 de erms f16c fma fpu fsgsbase fxsr invpcid lahf_lm lm "
          "mca mce mmx movbe msr mtrr nx pae pat pcid pclmuldq pdpe1gb pge pku pni popcnt pse pse36 "
          "rdrand rdseed rdtscp sep smap smep spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 syscall tsc "
          "tsc-deadline x2apic xgetbv1 xsave xsavec xsaveopt" },
        { "Snowridge", "GenuineIntel",
          "3dnowprefetch aes apic arat arch-capabilities cldemote clflush clflushopt clwb cmov "
          "core-capability cx16 cx8 de erms fpu fsgsbase fxsr gfni lahf_lm lm mca mce mmx monitor "
          "movbe movdir64b movdiri mpx msr mtrr nx pae pat pclmuldq pdpe1gb pge pni popcnt pse pse36 "
          "rdrand rdseed rdtscp sep sha-ni smap smep spec-ctrl split-lock-detect ssbd sse sse2 sse4.1 "
          "sse4.2 ssse3 syscall tsc tsc-deadline umip x2apic xgetbv1 xsave xsavec xsaveopt" },
        { "Westmere", "GenuineIntel",
          "aes apic arat clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat "
          "pclmuldq pge pni popcnt pse pse36 sep sse sse2 sse4.1 sse4.2 ssse3 syscall tsc" },
        { "Westmere-IBRS", "GenuineIntel",
          "aes apic arat clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat "
          "pclmuldq pge pni popcnt pse pse36 sep spec-ctrl sse sse2 sse4.1 sse4.2 ssse3 syscall tsc" },
        { "athlon", "AuthenticAMD",
          "3dnow 3dnowext apic cmov cx8 de fpu fxsr mca mce mmx mmxext msr mtrr pae pat pge pse pse36 "
          "sep sse sse2 tsc" },
        { "core2duo", "GenuineIntel",
          "acpi apic clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx monitor msr mtrr nx pae "
          "pat pge pni pse pse36 sep ss sse sse2 ssse3 syscall tsc" },
        { "coreduo", "GenuineIntel",
          "acpi apic clflush cmov cx8 de fpu fxsr mca mce mmx monitor msr mtrr nx pae pat pge pni pse "
          "sep ss sse sse2 tsc" },
        { "kvm32", "GenuineIntel",
          "apic clflush cmov cx8 de fpu fxsr mca mce mmx msr mtrr pae pat pge pni pse pse36 sep sse "
          "sse2 tsc" },
        { "kvm64", "GenuineIntel",
          "apic clflush cmov cx16 cx8 de fpu fxsr lm mca mce mmx msr mtrr nx pae pat pge pni pse pse36 "
          "sep sse sse2 syscall tsc" },
        { "n270", "GenuineIntel",
          "acpi apic clflush cmov cx8 de fpu fxsr lahf_lm mca mce mmx monitor movbe msr mtrr nx pae "
          "pat pge pni pse sep ss sse sse2 ssse3 tsc" },
        { "pentium", "GenuineIntel",
          "apic cx8 de fpu mce mmx msr pse tsc" },
        { "pentium2", "GenuineIntel",
          "apic cmov cx8 de fpu fxsr mca mce mmx msr mtrr pae pat pge pse pse36 sep tsc" },
        { "pentium3", "GenuineIntel",
          "apic cmov cx8 de fpu fxsr mca mce mmx msr mtrr pae pat pge pse pse36 sep sse tsc" },
        { "phenom", "AuthenticAMD",
          "3dnow 3dnowext abm apic clflush cmov cx16 cx8 de fpu fxsr fxsr_opt lahf_lm lm mca mce mmx "
          "mmxext monitor msr mtrr npt nx pae pat pdpe1gb pge pni popcnt pse pse36 rdtscp sep sse sse2 "
          "sse4a svm syscall tsc" },
        { "qemu32", "GenuineIntel",
          "apic cmov cx8 de fpu fxsr mce mmx msr pae pat pge pni pse sep sse sse2 tsc" },
        { "qemu64", "AuthenticAMD",
          "apic clflush cmov cx16 cx8 de fpu fxsr lahf_lm lm mca mce mmx msr mtrr nx pae pat pge pni "
          "pse pse36 sep sse sse2 svm syscall tsc" },
};
/* clang-format on */

const unsigned n_cpu_features = sizeof cpu_features / sizeof *cpu_features;
