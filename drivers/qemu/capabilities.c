/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/qemu/capabilities.h"

#include <string.h>

#include "drivers/model/domain-names.h"
#include "drivers/qemu/firmware.h"
#include "drivers/qemu/host.h"
#include "drivers/qemu/markup.h"
#include "service/base/error.h"

/* Named models of QEMU, each before those it is a superset of, for two families of vendors. */
static const char *const best_first[] = {
        "EPYC-Genoa",
        "EPYC-Milan",
        "EPYC-Rome",
        "Dhyana",
        "EPYC-IBPB",
        "EPYC",
        "Opteron_G5",
        "Opteron_G4",
        "Opteron_G3",
        "GraniteRapids",
        "SapphireRapids",
        "Cooperlake",
        "Icelake-Server-noTSX",
        "Cascadelake-Server-noTSX",
        "Skylake-Server-noTSX-IBRS",
        "Skylake-Client-noTSX-IBRS",
        "Broadwell-noTSX-IBRS",
        "Haswell-noTSX-IBRS",
        "IvyBridge-IBRS",
        "SandyBridge-IBRS",
        "Westmere-IBRS",
        "Nehalem-IBRS",
        "Icelake-Server",
        "Cascadelake-Server",
        "Skylake-Server",
        "Skylake-Client",
        "Broadwell-noTSX",
        "Haswell-noTSX",
        "IvyBridge",
        "SandyBridge",
        "Westmere",
        "Nehalem",
        "Penryn",
        "Conroe",
        "kvm64",
        "qemu64",
        "pentium3",
        "486",
};

const char *capabilities_best_cpu(const QemuBinary *binary, QemuAccel accel)
{
        for (size_t i = 0; i < G_N_ELEMENTS(best_first); i++) {
                const QemuCpuModel *cpu = qemu_binary_cpu(binary, accel, best_first[i]);

                if (cpu && cpu->usable)
                        return cpu->name;
        }
        return NULL;
}

/* The vendor of a named model of x86. */
static const char *cpu_vendor(const char *name)
{
        static const struct {
                const char *prefix;
                const char *vendor;
        } vendors[] = {
                { "486", "unknown" },
                { "Dhyana", "Hygon" },
                { "EPYC", "AMD" },
                { "Opteron", "AMD" },
                { "YongFeng", "Zhaoxin" },
                { "athlon", "AMD" },
                { "kvm", "unknown" },
                { "pentium", "unknown" },
                { "phenom", "AMD" },
                { "qemu", "unknown" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(vendors); i++)
                if (g_str_has_prefix(name, vendors[i].prefix))
                        return vendors[i].vendor;
        return "Intel";
}

static bool is_x86(const char *arch)
{
        return strcmp(arch, "x86_64") == 0 || strcmp(arch, "i686") == 0;
}

/* Capabilities. */

static void write_machines(XmlWriter *writer, const QemuBinary *binary)
{
        for (size_t i = 0; i < binary->n_machines; i++) {
                const QemuMachine *machine = &binary->machines[i];

                for (int alias = 0; alias < (machine->alias ? 2 : 1); alias++) {
                        xml_open(writer, "machine");
                        if (alias)
                                xml_attribute(writer, "canonical", machine->name);
                        markup_number(writer, "maxCpus", machine->max_cpus);
                        if (machine->deprecated)
                                xml_attribute(writer, "deprecated", "yes");
                        xml_text(writer, alias ? machine->alias : machine->name);
                        xml_close(writer, "machine");
                }
        }
}

static void write_toggle(XmlWriter *writer, const char *name, const char *toggle)
{
        xml_open(writer, name);
        xml_attribute(writer, "default", "on");
        xml_attribute(writer, "toggle", toggle);
        xml_close(writer, name);
}

static void write_guest(
        XmlWriter *writer, const QemuBinary *binary, const char *path, const char *arch)
{
        char bits[8];

        snprintf(bits, sizeof(bits), "%u", qemu_arch_word_size(arch));
        xml_open(writer, "guest");
        markup_text(writer, "os_type", "hvm");
        xml_open(writer, "arch");
        xml_attribute(writer, "name", arch);
        markup_text(writer, "wordsize", bits);
        markup_text(writer, "emulator", path);
        write_machines(writer, binary);
        if (binary->accels[QEMU_ACCEL_TCG].there)
                markup_empty(writer, "domain", "type", "qemu");
        if (binary->accels[QEMU_ACCEL_KVM].there)
                markup_empty(writer, "domain", "type", "kvm");
        xml_close(writer, "arch");

        xml_open(writer, "features");
        if (strcmp(arch, "i686") == 0) {
                markup_empty(writer, "pae", NULL, NULL);
                markup_empty(writer, "nonpae", NULL, NULL);
        }
        if (is_x86(arch)) {
                write_toggle(writer, "acpi", "yes");
                write_toggle(writer, "apic", "no");
        }
        markup_empty(writer, "cpuselection", NULL, NULL);
        markup_empty(writer, "deviceboot", NULL, NULL);
        xml_close(writer, "features");
        xml_close(writer, "guest");
}

static void write_security(XmlWriter *writer, Probes *probes)
{
        static const char *const types[] = { "kvm", "qemu" };
        g_autofree char *label = probes_label(probes);

        xml_open(writer, "secmodel");
        markup_text(writer, "model", "none");
        markup_text(writer, "doi", "0");
        xml_close(writer, "secmodel");
        if (!label)
                return;
        xml_open(writer, "secmodel");
        markup_text(writer, "model", "dac");
        markup_text(writer, "doi", "0");
        for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
                xml_open(writer, "baselabel");
                xml_attribute(writer, "type", types[i]);
                xml_text(writer, label);
                xml_close(writer, "baselabel");
        }
        xml_close(writer, "secmodel");
}

/* Suspends. The binary that serves an architecture, also one for a wider one; NULL where none does.
 */
static QemuBinary *binary_for(Probes *probes, const char *arch)
{
        g_autofree char *path = probes_find(arch);
        QemuBinary *binary = NULL;

        if (!path && strcmp(arch, "i686") == 0)
                path = probes_find("x86_64");
        if (path && probes_get(probes, path, &binary, NULL) < 0)
                return NULL;
        return binary;
}

int capabilities_format(Probes *probes, char **ret, GError **error)
{
        XmlWriter writer = { .out = g_string_new(NULL) };
        g_auto(GStrv) paths = probes_list();
        g_autoptr(GPtrArray) archs = g_ptr_array_new();
        g_autoptr(QemuBinary) own = binary_for(probes, host_arch());
        g_autofree char *uuid = host_uuid();
        QemuAccel accel =
                own && own->accels[QEMU_ACCEL_KVM].there ? QEMU_ACCEL_KVM : QEMU_ACCEL_TCG;

        (void)error;
        for (char **path = paths; *path; path++)
                if (!g_ptr_array_find_with_equal_func(
                            archs, probes_arch_of_path(*path), g_str_equal, NULL))
                        g_ptr_array_add(archs, (char *)probes_arch_of_path(*path));

        xml_open(&writer, "capabilities");
        xml_open(&writer, "host");
        markup_text(&writer, "uuid", uuid);
        host_write_cpu(&writer, own ? capabilities_best_cpu(own, accel) : NULL);
        markup_empty(&writer, "power_management", NULL, NULL);
        host_write_topology(&writer);
        write_security(&writer, probes);
        xml_close(&writer, "host");
        for (guint i = 0; i < archs->len; i++) {
                g_autoptr(QemuBinary) binary = binary_for(probes, archs->pdata[i]);

                if (binary)
                        write_guest(&writer, binary, binary->path, archs->pdata[i]);
        }
        xml_close(&writer, "capabilities");
        *ret = g_string_free(writer.out, FALSE);
        return 0;
}

/* Domain capabilities. */

typedef struct Offer {
        XmlWriter writer;
        const QemuBinary *binary;
        const QemuMachine *machine;
        const char *arch;
        QemuAccel accel;
} Offer;

/* A word of an enumeration, and the device that it takes, if any: type NULL is always there. */
typedef struct Word {
        const char *word;
        const char *type;
} Word;

static void write_enum(Offer *offer, const char *name, const Word *words, size_t n)
{
        xml_open(&offer->writer, "enum");
        xml_attribute(&offer->writer, "name", name);
        for (size_t i = 0; i < n; i++)
                if (!words[i].type || qemu_binary_has_device(offer->binary, words[i].type))
                        markup_text(&offer->writer, "value", words[i].word);
        xml_close(&offer->writer, "enum");
}

#define WRITE_ENUM(offer, name, ...)                           \
        write_enum(offer, name, (const Word[]){ __VA_ARGS__ }, \
                sizeof((const Word[]){ __VA_ARGS__ }) / sizeof(Word))

static void open_supported(Offer *offer, const char *name)
{
        xml_open(&offer->writer, name);
        xml_attribute(&offer->writer, "supported", "yes");
}

static void write_supported(Offer *offer, const char *name, bool supported)
{
        markup_empty(&offer->writer, name, "supported", supported ? "yes" : "no");
}

static void write_os(Offer *offer)
{
        g_autoptr(GPtrArray) list = firmware_list(NULL, offer->arch, offer->machine->name);
        bool secure = false;

        open_supported(offer, "os");
        xml_open(&offer->writer, "enum");
        xml_attribute(&offer->writer, "name", "firmware");
        if (list->len > 0)
                markup_text(&offer->writer, "value", "efi");
        xml_close(&offer->writer, "enum");
        open_supported(offer, "loader");
        for (guint i = 0; i < list->len; i++) {
                const Firmware *firmware = list->pdata[i];

                markup_text(&offer->writer, "value", firmware->code);
                secure = secure || firmware->secure_boot;
        }
        WRITE_ENUM(offer, "type", { "rom", NULL }, { "pflash", NULL });
        WRITE_ENUM(offer, "readonly", { "yes", NULL }, { "no", NULL });
        if (secure)
                WRITE_ENUM(offer, "secure", { "yes", NULL }, { "no", NULL });
        else
                WRITE_ENUM(offer, "secure", { "no", NULL });
        xml_close(&offer->writer, "loader");
        xml_close(&offer->writer, "os");
}

static void open_mode(Offer *offer, const char *name, bool supported)
{
        xml_open(&offer->writer, "mode");
        xml_attribute(&offer->writer, "name", name);
        xml_attribute(&offer->writer, "supported", supported ? "yes" : "no");
}

/* Whether a model of that name is one that a guest is given: not a way to ask for one, nor
 * "Haswell-v2". */
static bool is_named_model(const char *name)
{
        size_t n = strlen(name), digits = 0;

        if (strcmp(name, "host") == 0 || strcmp(name, "max") == 0 || strcmp(name, "base") == 0)
                return false;
        while (digits < n && g_ascii_isdigit(name[n - 1 - digits]))
                digits++;
        return digits == 0 || n < digits + 2 || strncmp(name + n - digits - 2, "-v", 2) != 0;
}

static void write_cpu(Offer *offer)
{
        const QemuAccelInfo *info = &offer->binary->accels[offer->accel];
        const char *best = capabilities_best_cpu(offer->binary, offer->accel);
        bool kvm = offer->accel == QEMU_ACCEL_KVM, x86 = is_x86(offer->arch);

        xml_open(&offer->writer, "cpu");
        open_mode(offer, "host-passthrough", kvm);
        if (kvm)
                WRITE_ENUM(offer, "hostPassthroughMigratable", { "on", NULL }, { "off", NULL });
        xml_close(&offer->writer, "mode");

        open_mode(offer, "maximum", qemu_binary_cpu(offer->binary, offer->accel, "max") != NULL);
        if (qemu_binary_cpu(offer->binary, offer->accel, "max"))
                WRITE_ENUM(offer, "maximumMigratable", { "on", NULL }, { "off", NULL });
        xml_close(&offer->writer, "mode");

        open_mode(offer, "host-model", best != NULL);
        if (best) {
                xml_open(&offer->writer, "model");
                xml_attribute(&offer->writer, "fallback", "forbid");
                xml_text(&offer->writer, best);
                xml_close(&offer->writer, "model");
                if (x86 && host_cpu_vendor())
                        markup_text(&offer->writer, "vendor", host_cpu_vendor());
        }
        xml_close(&offer->writer, "mode");

        open_mode(offer, "custom", info->n_cpus > 0);
        for (size_t i = 0; i < info->n_cpus; i++) {
                if (!is_named_model(info->cpus[i].name))
                        continue;
                xml_open(&offer->writer, "model");
                xml_attribute(&offer->writer, "usable", info->cpus[i].usable ? "yes" : "no");
                if (x86)
                        xml_attribute(&offer->writer, "vendor", cpu_vendor(info->cpus[i].name));
                xml_text(&offer->writer, info->cpus[i].name);
                xml_close(&offer->writer, "model");
        }
        xml_close(&offer->writer, "mode");
        xml_close(&offer->writer, "cpu");
}

static void write_devices(Offer *offer)
{
        bool q35 = strstr(offer->machine->name, "q35") != NULL;

        xml_open(&offer->writer, "devices");

        open_supported(offer, "disk");
        WRITE_ENUM(
                offer, "diskDevice", { "disk", NULL }, { "cdrom", NULL }, { "floppy", "floppy" });
        WRITE_ENUM(offer, "bus", { "ide", q35 ? "none" : "ide-hd" }, { "fdc", "floppy" },
                { "scsi", "scsi-hd" }, { "virtio", "virtio-blk-pci" }, { "usb", "usb-storage" },
                { "sata", "ich9-ahci" });
        WRITE_ENUM(offer, "model", { "virtio", NULL },
                { "virtio-transitional", "virtio-blk-pci-transitional" },
                { "virtio-non-transitional", "virtio-blk-pci-non-transitional" });
        xml_close(&offer->writer, "disk");

        open_supported(offer, "graphics");
        xml_open(&offer->writer, "enum");
        xml_attribute(&offer->writer, "name", "type");
        if (qemu_binary_has_command(offer->binary, "query-vnc"))
                markup_text(&offer->writer, "value", "vnc");
        xml_close(&offer->writer, "enum");
        xml_close(&offer->writer, "graphics");

        open_supported(offer, "video");
        WRITE_ENUM(offer, "modelType", { "vga", "VGA" }, { "cirrus", "cirrus-vga" },
                { "vmvga", "vmware-svga" }, { "qxl", "qxl-vga" }, { "virtio", "virtio-gpu-pci" },
                { "none", NULL }, { "bochs", "bochs-display" }, { "ramfb", "ramfb" });
        xml_close(&offer->writer, "video");

        write_supported(offer, "hostdev", false);

        open_supported(offer, "rng");
        WRITE_ENUM(offer, "model", { "virtio", "virtio-rng-pci" },
                { "virtio-transitional", "virtio-rng-pci-transitional" },
                { "virtio-non-transitional", "virtio-rng-pci-non-transitional" });
        WRITE_ENUM(offer, "backendModel", { "random", NULL }, { "builtin", NULL });
        xml_close(&offer->writer, "rng");

        write_supported(offer, "filesystem", false);
        write_supported(offer, "tpm", false);
        write_supported(offer, "redirdev", false);

        open_supported(offer, "channel");
        WRITE_ENUM(offer, "type", { "pty", NULL }, { "unix", NULL });
        xml_close(&offer->writer, "channel");

        xml_close(&offer->writer, "devices");
}

static void write_features(Offer *offer)
{
        xml_open(&offer->writer, "features");
        write_supported(offer, "gic", false);
        write_supported(offer, "vmcoreinfo", qemu_binary_has_device(offer->binary, "vmcoreinfo"));
        write_supported(offer, "genid", qemu_binary_has_device(offer->binary, "vmgenid"));
        write_supported(offer, "backingStoreInput", false);
        write_supported(offer, "backup", false);
        write_supported(offer, "sev", false);
        write_supported(offer, "sgx", false);
        if (is_x86(offer->arch) && offer->accel == QEMU_ACCEL_KVM) {
                open_supported(offer, "hyperv");
                WRITE_ENUM(offer, "features", { "relaxed", NULL }, { "vapic", NULL },
                        { "spinlocks", NULL }, { "vpindex", NULL }, { "runtime", NULL },
                        { "synic", NULL }, { "stimer", NULL }, { "reset", NULL },
                        { "vendor_id", NULL }, { "frequencies", NULL }, { "reenlightenment", NULL },
                        { "tlbflush", NULL }, { "ipi", NULL }, { "evmcs", NULL }, { "avic", NULL });
                xml_close(&offer->writer, "hyperv");
        } else {
                write_supported(offer, "hyperv", false);
        }
        xml_close(&offer->writer, "features");
}

static char *format_offer(Offer *offer)
{
        XmlWriter *writer = &offer->writer;

        writer->out = g_string_new(NULL);
        xml_open(writer, "domainCapabilities");
        markup_text(writer, "path", offer->binary->path);
        markup_text(writer, "domain", offer->accel == QEMU_ACCEL_KVM ? "kvm" : "qemu");
        markup_text(writer, "machine", offer->machine->name);
        markup_text(writer, "arch", offer->arch);
        xml_open(writer, "vcpu");
        markup_number(writer, "max", offer->machine->max_cpus);
        xml_close(writer, "vcpu");
        write_supported(offer, "iothreads", true);
        write_os(offer);
        write_cpu(offer);
        write_supported(offer, "memoryBacking", false);
        write_devices(offer);
        write_features(offer);
        xml_close(writer, "domainCapabilities");
        return g_string_free(writer->out, FALSE);
}

/* Suspends. The emulator that is asked for, or the one for the architecture that is. */
static int resolve_binary(
        Probes *probes, const char *emulator, const char **arch, QemuBinary **ret, GError **error)
{
        g_autoptr(QemuBinary) binary = NULL;
        g_autofree char *path = NULL;

        if (*arch && !qemu_arch_is_known(*arch))
                return error_set(error, ERROR_INVALID_ARG, "unknown architecture: %s", *arch);
        if (!emulator) {
                if (!*arch)
                        *arch = host_arch();
                path = probes_find(*arch);
                if (!path && strcmp(*arch, "i686") == 0)
                        path = probes_find("x86_64");
                if (!path)
                        return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                                "unable to find any emulator to serve '%s' architecture", *arch);
        }
        if (probes_get(probes, emulator ? emulator : path, &binary, error) < 0)
                return -1;
        if (!*arch)
                *arch = binary->arch;
        if (strcmp(qemu_target_of_arch(*arch), qemu_target_of_arch(binary->arch)) != 0 &&
                !(strcmp(*arch, "i686") == 0 && strcmp(binary->arch, "x86_64") == 0))
                return error_set(error, ERROR_INVALID_ARG,
                        "architecture from emulator '%s' doesn't match given architecture '%s'",
                        binary->arch, *arch);
        *ret = g_steal_pointer(&binary);
        return 0;
}

/* Suspends. What is offered where all but the first two may be NULL; it is the binary's, a
 * reference to which comes with it. */
static int resolve_offer(Probes *probes, Offer *ret, QemuBinary **ret_binary, const char *emulator,
        const char *arch, const char *machine, const char *virt_type, GError **error)
{
        g_autoptr(QemuBinary) binary = NULL;
        int virt = VIRT_ABSENT;
        Offer offer = { 0 };

        if (virt_type) {
                virt = enum_value(&virt_type_names, virt_type);
                if (virt <= VIRT_ABSENT)
                        return error_set(
                                error, ERROR_INVALID_ARG, "unknown virttype: %s", virt_type);
        }
        if (resolve_binary(probes, emulator, &arch, &binary, error) < 0)
                return -1;

        if (virt == VIRT_ABSENT)
                virt = binary->accels[QEMU_ACCEL_KVM].there ? VIRT_KVM : VIRT_QEMU;
        if ((virt != VIRT_KVM && virt != VIRT_QEMU) ||
                (virt == VIRT_KVM && !binary->accels[QEMU_ACCEL_KVM].there))
                return error_set(error, ERROR_INVALID_ARG,
                        "Emulator '%s' does not support virt type '%s'", binary->path,
                        enum_name(&virt_type_names, virt));
        offer.machine = qemu_binary_machine(binary, machine);
        if (!offer.machine && machine)
                return error_set(error, ERROR_INVALID_ARG,
                        "the machine '%s' is not supported by emulator '%s'", machine,
                        binary->path);
        if (!offer.machine)
                return error_set(error, ERROR_INVALID_ARG,
                        "emulator '%s' has no default machine, so one must be given", binary->path);
        offer.binary = binary;
        offer.arch = arch;
        offer.accel = virt == VIRT_KVM ? QEMU_ACCEL_KVM : QEMU_ACCEL_TCG;
        *ret = offer;
        *ret_binary = g_steal_pointer(&binary);
        return 0;
}

int capabilities_format_domain(Probes *probes, const char *emulator, const char *arch,
        const char *machine, const char *virt_type, char **ret, GError **error)
{
        g_autoptr(QemuBinary) binary = NULL;
        Offer offer;

        if (resolve_offer(probes, &offer, &binary, emulator, arch, machine, virt_type, error) < 0)
                return -1;
        *ret = format_offer(&offer);
        return 0;
}

int capabilities_max_vcpus(Probes *probes, const char *virt_type, int32_t *ret, GError **error)
{
        g_autoptr(QemuBinary) binary = NULL;
        Offer offer;

        if (resolve_offer(probes, &offer, &binary, NULL, NULL, NULL, virt_type, error) < 0)
                return -1;
        *ret = offer.machine->max_cpus;
        return 0;
}

char **capabilities_cpu_names(const QemuBinary *binary)
{
        const QemuAccelInfo *info = &binary->accels[QEMU_ACCEL_TCG];
        GPtrArray *names = g_ptr_array_new();

        for (size_t i = 0; i < info->n_cpus; i++)
                if (is_named_model(info->cpus[i].name))
                        g_ptr_array_add(names, g_strdup(info->cpus[i].name));
        g_ptr_array_add(names, NULL);
        return (char **)g_ptr_array_free(names, FALSE);
}
