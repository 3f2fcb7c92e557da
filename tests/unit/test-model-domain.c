/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <time.h>

#include "drivers/model/domain-tables.h"

/* The corpus is tests/data/domain/NAME.xml, and what it becomes on a QEMU host and on the test host
 * qemu/NAME.xml and test/NAME.xml. UPDATE_GOLDEN=1 writes those anew; tests/data/domain/compare
 * holds them against what libvirt makes of the same documents. */

static char *fake_machine(
        void *data, VirtType type, const char *arch, const char *machine, GError **error)
{
        (void)data, (void)type;
        if (g_strcmp0(arch, "x86_64") != 0)
                return NULL;
        if (!machine || strcmp(machine, "pc") == 0)
                return g_strdup("pc-i440fx-7.2");
        if (strcmp(machine, "q35") == 0)
                return g_strdup("pc-q35-7.2");
        if (g_str_has_prefix(machine, "pc-"))
                return NULL;
        error_set(error, ERROR_CONFIG_UNSUPPORTED, "there is no machine '%s'", machine);
        return NULL;
}

static char *fake_emulator(void *data, VirtType type, const char *arch)
{
        (void)data, (void)type;
        return g_strdup_printf("/usr/bin/qemu-system-%s", arch);
}

static const DomainDefaults qemu_host = {
        .arch = "x86_64",
        .machine = fake_machine,
        .emulator = fake_emulator,
        .cpu_model = "qemu64",
        .qemu_devices = true,
};
static const DomainDefaults test_host = { .arch = "i686" };

/* Everything a driver does with a document it is given. */
static DomainConfig *define(const char *xml, const DomainDefaults *host, GError **error)
{
        g_autoptr(DomainConfig) config = NULL;

        if (domain_config_parse(xml, DOMAIN_XML_INACTIVE, &config, error) < 0 ||
                domain_config_defaults(config, host, error) < 0 ||
                domain_config_validate(config, error) < 0)
                return NULL;
        return g_steal_pointer(&config);
}

static DomainConfig *parse(const char *xml, unsigned flags)
{
        g_autoptr(GError) error = NULL;
        DomainConfig *config = NULL;

        g_assert_cmpint(domain_config_parse(xml, flags, &config, &error), ==, 0);
        g_assert_no_error(error);
        return config;
}

/* ---- the corpus ---------------------------------------------------------------------------------
 */

static void check_golden(const char *host, const char *name, const char *text)
{
        g_autofree char *path = g_build_filename(TEST_DATA, "domain", host, name, NULL),
                        *golden = NULL;
        g_autoptr(GError) error = NULL;

        if (g_getenv("UPDATE_GOLDEN")) {
                g_file_set_contents(path, text, -1, &error);
                g_assert_no_error(error);
                return;
        }
        g_file_get_contents(path, &golden, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(text, ==, golden);
}

static void check_define(
        const char *host, const DomainDefaults *defaults, const char *name, const char *xml)
{
        g_autoptr(DomainConfig) config = NULL, again = NULL, copy = NULL;
        g_autofree char *text = NULL, *same = NULL;
        g_autoptr(GError) error = NULL;
        unsigned flags = DOMAIN_XML_SECURE | DOMAIN_XML_INACTIVE;

        config = define(xml, defaults, &error);
        g_assert_no_error(error);
        text = domain_config_format(config, flags);
        check_golden(host, name, text);

        /* What was filled in is not filled in again. */
        again = define(text, defaults, &error);
        g_assert_no_error(error);
        same = domain_config_format(again, flags);
        g_assert_cmpstr(same, ==, text);

        copy = domain_config_copy(config);
        g_clear_pointer(&config, domain_config_free);
        g_clear_pointer(&same, g_free);
        same = domain_config_format(copy, flags);
        g_assert_cmpstr(same, ==, text);
}

/* The head is that of the whole. */
static void check_head(const char *xml)
{
        g_autoptr(DomainConfig) whole = parse(xml, DOMAIN_XML_INACTIVE), head = NULL;
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(domain_config_parse_head(xml, &head, &error), ==, 0);
        g_assert_cmpstr(head->name, ==, whole->name);
        g_assert_cmpstr(head->uuid, ==, whole->uuid);
        g_assert_cmpstr(head->title, ==, whole->title);
        g_assert_cmpstr(head->description, ==, whole->description);
        g_assert_cmpstr(head->os.type.name, ==, whole->os.type.name);
        g_assert_cmpint(number_or(head->memory.kib, 0), ==, number_or(whole->memory.kib, 0));
        g_assert_cmpint(number_or(head->current_memory.kib, 0), ==,
                number_or(whole->current_memory.kib, 0));
        g_assert_cmpint(number_or(head->vcpu.count, 0), ==, number_or(whole->vcpu.count, 0));
        g_assert_cmpint(number_or(head->vcpu.current, 0), ==, number_or(whole->vcpu.current, 0));
        g_assert_cmpuint(head->devices.n_disks, ==, 0);
}

static void test_document(const void *data)
{
        const char *name = data;
        g_autofree char *path = g_build_filename(TEST_DATA, "domain", name, NULL), *xml = NULL,
                        *once = NULL;
        g_autofree char *twice = NULL, *id_name = NULL, *id_uuid = NULL;
        g_autoptr(DomainConfig) config = NULL, again = NULL;
        g_autoptr(GError) error = NULL;

        g_file_get_contents(path, &xml, NULL, &error);
        g_assert_no_error(error);

        config = parse(xml, 0);
        once = domain_config_format(config, DOMAIN_XML_SECURE);
        again = parse(once, 0);
        twice = domain_config_format(again, DOMAIN_XML_SECURE);
        g_assert_cmpstr(twice, ==, once);

        g_assert_cmpint(domain_config_identify(xml, &id_name, &id_uuid, &error), ==, 0);
        g_assert_cmpstr(id_name, ==, config->name);
        g_assert_cmpstr(id_uuid, ==, config->uuid);

        check_head(xml);
        check_define("qemu", &qemu_host, name, xml);
        check_define("test", &test_host, name, xml);
}

static void add_documents(void)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GDir) dir = g_dir_open(TEST_DATA "/domain", 0, &error);
        const char *name;

        g_assert_no_error(error);
        while ((name = g_dir_read_name(dir))) {
                g_autofree char *path = g_strconcat("/model/domain/document/", name, NULL);

                if (g_str_has_suffix(name, ".xml"))
                        g_test_add_data_func_full(path, g_strdup(name), test_document, g_free);
        }
}

/* ---- what is refused ----------------------------------------------------------------------------
 */

/* BODY and DEVICES of an otherwise good document. */
static char *document(const char *body, const char *devices)
{
        return g_strdup_printf(
                "<domain type='qemu'><name>a</name><memory>1024</memory>"
                "<os><type arch='x86_64' machine='%s'>hvm</type></os>%s<devices>%s</devices></domain>",
                strstr(devices, "Q35") ? "q35" : "pc", body, devices);
}

#define DISK(dev, rest) \
        "<disk type='file'><source file='/" dev "'/><target dev='" dev "'/>" rest "</disk>"
#define PCI(rest) "<address type='pci' " rest "/>"

static void test_refused_whole(void)
{
        static const struct {
                const char *xml, *message;
                int code;
        } cases[] = {
                { "<foo/>", "XML error: expecting root element of 'domain', not 'foo'",
                        ERROR_XML_ERROR },
                { "<domain/>", "missing name information", ERROR_NO_NAME },
                { "<domain><name>a</name></domain>",
                        "internal error: missing domain type attribute", ERROR_INTERNAL_ERROR },
                { "<domain type='foo'><name>a</name></domain>",
                        "unsupported configuration: invalid domain type foo",
                        ERROR_CONFIG_UNSUPPORTED },
                { "<domain type='qemu'/>", "missing name information", ERROR_NO_NAME },
                { "<domain type='qemu'><name/></domain>", "missing name information",
                        ERROR_NO_NAME },
                { "<domain type='qemu'><name>a/b</name></domain>",
                        "XML error: name a/b cannot contain '/'", ERROR_XML_ERROR },
                { "<domain type='qemu'><name>a\nb</name></domain>",
                        "XML error: name 'a\nb' cannot contain a newline", ERROR_XML_ERROR },
                { "<domain type='qemu'><name>  </name></domain>",
                        "XML error: name '  ' is only blanks", ERROR_XML_ERROR },
                { "<domain type='qemu'><name>a</name><uuid>12</uuid></domain>",
                        "internal error: malformed uuid element", ERROR_INTERNAL_ERROR },
                { "<domain type='qemu'><name>a</name></domain>",
                        "XML error: Memory size must be specified via <memory> or in the <numa> configuration",
                        ERROR_XML_ERROR },
                { "<domain type='qemu'><name>a</name><memory>1024</memory><devices>"
                  "<memory model='dimm'><target><size>1025</size></target></memory></devices></domain>",
                        "XML error: Total size of memory devices exceeds the total memory size",
                        ERROR_XML_ERROR },
                { "<domain type='qemu'><name>a</name><memory>1</memory></domain>",
                        "XML error: an os <type> must be specified", ERROR_XML_ERROR },
                { "<domain type='qemu'><name>a</name><memory>1</memory><os><type arch='x86_64' "
                  "machine='none'>hvm</type></os></domain>",
                        "unsupported configuration: there is no machine 'none'",
                        ERROR_CONFIG_UNSUPPORTED },
                { "<domain type='qemu'>\n<name>a</nam></domain>",
                        "(domain_definition):2: Opening and ending tag mismatch: name line 2 and nam\n"
                        "<name>a</nam></domain>\n-------------^",
                        ERROR_XML_DETAIL },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;

                g_assert_null(define(cases[i].xml, &qemu_host, &error));
                g_assert_cmpstr(error->message, ==, cases[i].message);
                g_assert_cmpint(error->code, ==, cases[i].code);
        }
}

/* Memory that is not said is that of the cells, and the devices. */
static void test_memory_of_cells(void)
{
        static const struct {
                const char *memory, *devices;
                int64_t kib, current;
        } cases[] = {
                { "", "", 524288, 524288 },
                { "<memory>0</memory>", "", 524288, 524288 },
                { "<currentMemory>100000</currentMemory>", "", 524288, 100000 },
                { "<memory>1024</memory>", "", 1024, 1024 },
                { "<maxMemory slots='2' unit='GiB'>4</maxMemory>",
                        "<memory model='dimm'><target><size unit='MiB'>128</size><node>0</node>"
                        "</target></memory>",
                        655360, 655360 },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *xml =
                        g_strdup_printf("<domain type='test'><name>a</name>%s<vcpu>2</vcpu>"
                                        "<os><type>hvm</type></os><cpu><numa>"
                                        "<cell id='0' cpus='0' memory='256' unit='MiB'/>"
                                        "<cell id='1' cpus='1' memory='262144'/></numa></cpu>"
                                        "<devices>%s</devices></domain>",
                                cases[i].memory, cases[i].devices);
                g_autoptr(GError) error = NULL;
                g_autoptr(DomainConfig) config = define(xml, &test_host, &error);

                g_assert_no_error(error);
                g_assert_cmpint(config->memory.kib.value, ==, cases[i].kib);
                g_assert_cmpint(config->current_memory.kib.value, ==, cases[i].current);
        }
}

static void test_refused_part(void)
{
        static const struct {
                const char *body, *devices, *message;
        } cases[] = {
                { "<title>a\nb</title>", "", "XML error: Domain title can't contain newlines" },
                { "<vcpu>0</vcpu>", "",
                        "XML error: /domain/vcpu: '0' is not a number from 1 to 65535" },
                { "<vcpu>many</vcpu>", "",
                        "XML error: /domain/vcpu: 'many' is not a number from 1 to 65535" },
                { "<vcpu current='3'>2</vcpu>", "",
                        "unsupported configuration: maximum vCPU count must not be less than current vCPU "
                        "count" },
                { "<cpu><topology sockets='1' cores='2' threads='1'/></cpu>", "",
                        "unsupported configuration: CPU topology doesn't match maximum vcpu count: 1 sockets, "
                        "1 dies, 2 cores, 1 threads are not 1 vCPUs" },
                { "<cpu><model>qemu64</model><feature name='vmx'/><feature name='vmx'/></cpu>", "",
                        "XML error: CPU feature 'vmx' specified more than once" },
                { "<maxMemory slots='2'>512</maxMemory>", "",
                        "unsupported configuration: Domain memory of 1024 KiB is larger than the maxMemory of "
                        "512 KiB" },
                { "<maxMemory>2048</maxMemory>", "",
                        "XML error: both maximum memory size and memory slot count must be specified" },
                { "<currentMemory unit='EiB'>99</currentMemory>", "",
                        "XML error: /domain/currentMemory: '99' is too large a size" },
                { "<clock offset='absolute'/>", "",
                        "XML error: missing 'start' attribute for clock with offset='absolute'" },
                { "<clock offset='timezone'/>", "",
                        "XML error: missing 'timezone' attribute for clock with offset='timezone'" },
                { "<clock offset='utc' adjustment='soon'/>", "",
                        "XML error: unknown clock adjustment 'soon'" },
                { "<clock><timer name='rtc'/><timer name='rtc'/></clock>", "",
                        "XML error: timer 'rtc' is there more than once" },
                { "<on_reboot>coredump-restart</on_reboot>", "",
                        "unsupported configuration: unknown on_reboot action: coredump-restart" },
                { "<on_crash>explode</on_crash>", "",
                        "XML error: /domain/on_crash: 'explode' is not a life cycle action (destroy, restart, "
                        "rename-restart, preserve, coredump-destroy, coredump-restart)" },
                { "", "<disk type='file'><source file='/x'/></disk>",
                        "missing target information for device /x" },
                { "", "<disk type='file'><source file='/x'/><target dev='foo'/></disk>",
                        "XML error: Unknown disk name 'foo' and no address specified" },
                { "", "<disk type='file'><target dev='vda'/></disk>",
                        "missing source information for device vda" },
                { "", DISK("vda", "") DISK("vda", ""),
                        "XML error: target 'vda' duplicated for disk sources '/vda' and '/vda'" },
                { "", "<disk type='file'><source file='/x'/><target dev='vda' bus='foo'/></disk>",
                        "XML error: /domain/devices/disk/target/@bus: 'foo' is not a disk bus (ide, fdc, scsi, "
                        "virtio, xen, usb, sata, sd, uml)" },
                { "", "<disk device='floppy'><target dev='vda'/></disk>",
                        "unsupported configuration: Invalid bus type 'virtio' for floppy disk" },
                { "", "<disk device='disk'><source file='/x'/><target dev='fda'/></disk>",
                        "unsupported configuration: Invalid bus type 'fdc' for disk" },
                { "", "<disk device='cdrom'><target dev='vda'/></disk>",
                        "unsupported configuration: disk type 'virtio' of 'vda' does not support ejectable "
                        "media" },
                { "", "<disk model='virtio'><source file='/x'/><target dev='hda'/></disk>",
                        "unsupported configuration: disk model 'virtio' not supported for bus 'ide'" },
                { "", "<disk><source file='/x'/><target dev='hda' tray='open'/></disk>",
                        "unsupported configuration: tray is only valid for cdrom and floppy" },
                { "", "<disk><driver copy_on_read='on'/><source file='/x'/><target dev='hda'/><readonly/></disk>",
                        "unsupported configuration: copy_on_read is not compatible with read-only disk 'hda'" },
                { "",
                        DISK("sda", "<address type='drive' unit='3'/>")
                                DISK("sdb", "<address type='drive' unit='3'/>"),
                        "unsupported configuration: Found duplicate drive address for disk with target name 'sdb' "
                        "controller='0' bus='0' target='0' unit='3': it is that of 'sda'" },
                { "", DISK("sda", "<address type='drive' controller='4000000'/>"),
                        "XML error: scsi controller index 4000000 is larger than 255" },
                { "", DISK("vda", "<boot order='1'/>") DISK("vdb", "<boot order='1'/>"),
                        "unsupported configuration: boot order '1' used for more than one device: disk 'vda' and "
                        "disk 'vdb'" },
                { "", DISK("vda", "<alias name='ua-a'/>") DISK("vdb", "<alias name='ua-a'/>"),
                        "unsupported configuration: non unique alias detected: ua-a" },
                { "", DISK("vda", PCI("slot='5'")) DISK("vdb", PCI("slot='0x05'")),
                        "XML error: Attempted double use of PCI Address 0000:00:05.0 by disk 'vda' and disk 'vdb'" },
                { "", DISK("vda", PCI("slot='1'")),
                        "XML error: Attempted double use of PCI Address 0000:00:01.0 by the machine's own devices and "
                        "disk 'vda'" },
                { "", DISK("vda", PCI("slot='32'")),
                        "XML error: /domain/devices/disk/address/@slot: '32' is not a number from 0 to 31" },
                { "", DISK("vda", PCI("bus='1' slot='0'")),
                        "XML error: Invalid PCI address 0000:01:00.0. slot must be >= 1" },
                { "",
                        "<!--Q35-->" DISK(
                                "vda", PCI("bus='1' slot='1'")) "<controller type='pci' index='1' "
                                                                "model='pcie-root-port'/>",
                        "XML error: Invalid PCI address 0000:01:01.0. slot must be <= 0" },
                { "", "<controller type='scsi' index='0'/><controller type='scsi' index='0'/>",
                        "XML error: Multiple 'scsi' controllers with index '0'" },
                { "", "<controller type='pci' index='0' model='pci-bridge'/>",
                        "XML error: the PCI controller with index 0 is pci-root or pcie-root, not 'pci-bridge'" },
                { "", "<controller type='pci' index='1' model='pci-root'/>",
                        "XML error: pci-root and pcie-root controllers should have index 0" },
                { "", "<controller type='pci' index='300' model='pci-bridge'/>",
                        "XML error: PCI controller index 300 is larger than 255" },
                { "", "<interface type='bridge'/>",
                        "XML error: interface type='bridge' requires a 'source' element with 'bridge'" },
                { "", "<interface type='user'><mac address='01:00:00:00:00:01'/></interface>",
                        "XML error: /domain/devices/interface/mac/@address: '01:00:00:00:00:01' is not a unicast MAC "
                        "address" },
                { "", "<channel type='pty'><target type='isa-serial'/></channel>",
                        "XML error: unknown target type 'isa-serial' specified for channel" },
                { "", "<serial type='pty'><target port='0'/></serial><serial type='pty'><target port='0'/></serial>",
                        "unsupported configuration: target port '0' is used by two serial devices" },
                { "", "<serial type='file'/>",
                        "XML error: Missing source path attribute for char device" },
                { "", "<serial type='tcp'/>",
                        "XML error: Missing source service attribute for char device" },
                { "", "<rng model='virtio'/>", "XML error: missing RNG device backend" },
                { "", "<serial type='null'/>", NULL },
                { "", "<serial type='file'><source/></serial>",
                        "XML error: /domain/devices/serial/source: attribute 'path' is missing" },
                { "", "<input type='mouse' bus='usb'/><input type='mouse' bus='usb'/><input type='mouse' bus='usb'/>",
                        "XML error: No free USB ports" },
                { "", "<input type='mouse' bus='usb'><address type='usb' bus='7' port='1'/></input>",
                        "XML error: USB bus 7 requested but no controller with that index is present" },
                { "", "<video><model type='none'/></video><video><model type='vga'/></video>",
                        "XML error: a 'none' video type must be the only video device defined for the domain" },
                { "<devices/>", "", "XML error: /domain/devices[2]: there can be only one" },
                { "<memtune><hard_limit unit='furlong'>1</hard_limit></memtune>", "",
                        "XML error: /domain/memtune/hard_limit/@unit: 'furlong' is not a unit of sizes" },
                { "<cputune><vcpupin vcpu='0' cpuset='1-'/></cputune>", "",
                        "XML error: /domain/cputune/vcpupin/@cpuset: '1-' is not a set of numbers" },
                { "<cputune><period>999</period></cputune>", "",
                        "XML error: /domain/cputune/period: '999' is not a number from 1000 to 1000000" },
                { "<memoryBacking><access mode='public'/></memoryBacking>", "",
                        "XML error: /domain/memoryBacking/access/@mode: 'public' is not one of: shared, private" },
                { "<features><cfpc/></features>", "",
                        "XML error: /domain/features/cfpc: attribute 'value' is missing" },
                { "<sysinfo type='smbios'><bios><entry name='colour'>red</entry></bios></sysinfo>",
                        "",
                        "XML error: /domain/sysinfo/bios/entry/@name: 'colour' is not one of: vendor, version, date, "
                        "release" },
                { "", "<graphics type='vnc' connected='fail'/>",
                        "unsupported configuration: VNC supports connected='keep' only" },
                { "", "<filesystem fmode='9'><source dir='/'/><target dir='x'/></filesystem>",
                        "XML error: /domain/devices/filesystem/@fmode: '9' is not a mode of files" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *xml = document(cases[i].body, cases[i].devices);
                g_autoptr(DomainConfig) config = NULL;
                g_autoptr(GError) error = NULL;

                g_test_message("%s%s", cases[i].body, cases[i].devices);
                config = define(xml, &qemu_host, &error);
                if (!cases[i].message) {
                        g_assert_no_error(error);
                        continue;
                }
                g_assert_null(config);
                g_assert_cmpstr(error->message, ==, cases[i].message);
        }
}

static void test_boot_exclusive(void)
{
        g_autoptr(GError) error = NULL;

        g_assert_null(define("<domain type='qemu'><name>a</name><memory>1024</memory>"
                             "<os><type>hvm</type><boot dev='hd'/></os><devices>" DISK(
                                     "vda", "<boot order='1'/>") "</devices></domain>",
                &qemu_host, &error));
        g_assert_cmpstr(error->message, ==,
                "unsupported configuration: per-device boot elements cannot be used together with os/boot "
                "elements");
}

/* ---- identify -----------------------------------------------------------------------------------
 */

static void test_identify(void)
{
        static const struct {
                const char *xml, *name, *uuid, *message;
        } cases[] = {
                { "<domain type='x'><name>a&amp;b</name></domain>", "a&b", NULL, NULL },
                { "<domain><devices><name>no</name></devices><uuid>5F0C7D1E000040008000000000000001</uuid>"
                  "<name><![CDATA[c]]>d</name></domain>",
                        "cd", "5f0c7d1e-0000-4000-8000-000000000001", NULL },
                { "<domain/>", NULL, NULL, "missing name information" },
                { "<domain><name>a</name><name>b</name></domain>", NULL, NULL,
                        "XML error: /domain/name: there can be only one" },
                { "<domain><name>a</name><uuid>1</uuid></domain>", NULL, NULL,
                        "internal error: malformed uuid element" },
                { "<network><name>a</name></network>", NULL, NULL,
                        "XML error: expecting root element of 'domain', not 'network'" },
                { "<!DOCTYPE domain><domain><name>a</name></domain>", NULL, NULL,
                        "XML error: (domain_definition): a document type declaration is not accepted" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *name = NULL, *uuid = NULL;
                g_autoptr(GError) error = NULL;
                int r = domain_config_identify(cases[i].xml, &name, &uuid, &error);

                g_assert_cmpint(r, ==, cases[i].message ? -1 : 0);
                g_assert_cmpstr(error ? error->message : NULL, ==, cases[i].message);
                g_assert_cmpstr(name, ==, cases[i].name);
                g_assert_cmpstr(uuid, ==, cases[i].uuid);
        }
        {
                g_autofree char *name = NULL, *uuid = NULL;
                g_autoptr(GError) error = NULL;

                g_assert_cmpint(domain_config_identify(
                                        "<domain><name>a</name></domain", &name, &uuid, &error),
                        ==, -1);
                g_assert_cmpint(error->code, ==, ERROR_XML_DETAIL);
                g_assert_true(g_str_has_prefix(error->message, "(domain_definition):1: "));
        }
        {
                g_autofree char *name = NULL, *uuid = NULL;
                g_autoptr(GError) error = NULL;

                /* Of two faults the first is told: the reader reads on behind an unknown prefix. */
                g_assert_cmpint(domain_config_identify("<x:domain><name>a</name></x:domain>", &name,
                                        &uuid, &error),
                        ==, -1);
                g_assert_cmpint(error->code, ==, ERROR_XML_DETAIL);
        }
}

/* ---- head ---------------------------------------------------------------------------------------
 */

static void test_head(void)
{
        g_autofree char *depth = g_strnfill(2 * XML_MAX_DEPTH, ',');
        g_auto(GStrv) between = g_strsplit(depth, ",", -1);
        g_autofree char *open = g_strjoinv("<x>", between), *closed = g_strjoinv("</x>", between);
        g_autofree char *deep = g_strconcat("<domain type='qemu'><name>a</name><devices>", open,
                closed, "</devices></domain>", NULL);
        const char *const bad[] = {
                "<domain type='qemu'><name>a</name><devices><disk></devices></domain>",
                "<domain type='qemu'><name>a</name><devices>",
                "<domain type='qemu'><devices><name>a</name></devices></domain>",
                "<!DOCTYPE d><domain type='qemu'><name>a</name></domain>",
                deep,
        };

        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(DomainConfig) config = NULL;
                g_autoptr(GError) error = NULL;

                g_assert_cmpint(domain_config_parse_head(bad[i], &config, &error), ==, -1);
                g_assert_nonnull(error);
        }
}

/* ---- metadata -----------------------------------------------------------------------------------
 */

/* The path of a store has no blanks from the layout of what is kept beside it. */
static void test_blanks(void)
{
        g_autoptr(DomainConfig) config = parse("<domain type='qemu'><name>a</name>"
                                               "<os><type>hvm</type>"
                                               "<nvram>\n  <other/>\n</nvram></os></domain>",
                0);
        g_autofree char *once = domain_config_format(config, 0), *twice = NULL;
        g_autoptr(DomainConfig) again = parse(once, 0);

        g_assert_null(config->os.nvram.path);
        twice = domain_config_format(again, 0);
        g_assert_cmpstr(twice, ==, once);
}

static void test_metadata(void)
{
        g_autoptr(DomainConfig) config = parse(
                "<domain type='qemu' xmlns:b='urn:b'><name>a</name><metadata><b:x b:k='v'><b:y/></b:x></metadata></domain>",
                0);
        g_autofree char *text = NULL, *out = NULL;
        g_autoptr(GError) error = NULL;

        /* Out of the namespace that was asked for; what an attribute needs is declared where it
         * stands alone. */
        text = domain_config_metadata_get(config, "urn:b", &error);
        g_assert_no_error(error);
        g_assert_cmpstr(text, ==, "<x xmlns:b='urn:b' b:k='v'>\n  <y/>\n</x>");

        g_assert_null(domain_config_metadata_get(config, "urn:none", &error));
        g_assert_cmpint(error->code, ==, ERROR_NO_DOMAIN_METADATA);
        g_clear_error(&error);

        g_assert_cmpint(
                domain_config_metadata_set(config, "app", "urn:app", "<note>n</note>", &error), ==,
                0);
        g_assert_no_error(error);
        out = domain_config_format(config, 0);
        g_assert_nonnull(
                strstr(out, "    <app:note xmlns:app='urn:app'>n</app:note>\n  </metadata>\n"));

        /* Replaced, and removed. */
        g_assert_cmpint(
                domain_config_metadata_set(config, "app", "urn:app", "<other/>", &error), ==, 0);
        g_clear_pointer(&text, g_free);
        text = domain_config_metadata_get(config, "urn:app", &error);
        g_assert_cmpstr(text, ==, "<other/>");
        g_assert_cmpint(domain_config_metadata_set(config, NULL, "urn:app", NULL, &error), ==, 0);
        g_assert_null(domain_config_metadata_get(config, "urn:app", NULL));
        g_assert_cmpint(domain_config_metadata_set(config, NULL, "urn:b", NULL, &error), ==, 0);
        g_assert_null(config->metadata);

        g_assert_cmpint(
                domain_config_metadata_set(config, "a:b", "urn:app", "<x/>", &error), ==, -1);
        g_assert_cmpstr(
                error->message, ==, "invalid argument: 'a:b' is not a prefix for a namespace");
        g_clear_error(&error);
        g_assert_cmpint(domain_config_metadata_set(config, "a", "urn:app", "<x>", &error), ==, -1);
        g_assert_true(g_str_has_prefix(error->message, "(metadata_xml):1: "));
}

/* ---- flags --------------------------------------------------------------------------------------
 */

static const char live_document[] =
        "<domain type='qemu' id='7'><name>a</name><devices>"
        "<disk type='file'><source file='/x' index='3'/><target dev='vda'/><alias name='virtio-disk0'/></disk>"
        "<disk type='file'><source file='/y'/><target dev='vdb'/><alias name='ua-mine'/></disk>"
        "<interface type='bridge'><source bridge='b'/><target dev='vnet3'/></interface>"
        "<interface type='bridge'><source bridge='b'/><target dev='tap0'/></interface>"
        "<serial type='pty'><source path='/dev/pts/3'/></serial>"
        "<console type='pty' tty='/dev/pts/3'><source path='/dev/pts/3'/></console>"
        "<channel type='unix'><source mode='bind' path='/s'/><target type='virtio' name='n' state='connected'/></channel>"
        "<graphics type='vnc' port='5903' autoport='yes' passwd='secret'/>"
        "<graphics type='vnc' port='5904'/>"
        "<graphics type='spice' passwd='secret'/></devices></domain>";

static void test_flags(void)
{
        static const char *const live_only[] = { " id='7'", "index='3'", "virtio-disk0", "vnet3",
                "/dev/pts/3", "state='connected'", "5903" };
        static const char *const always[] = { "ua-mine", "tap0", "5904", "'/s'" };
        g_autoptr(DomainConfig) config = parse(live_document, 0);
        g_autoptr(DomainConfig) ignored = parse(live_document, DOMAIN_XML_INACTIVE);
        g_autofree char *live = domain_config_format(config, 0);
        g_autofree char *inactive = domain_config_format(config, DOMAIN_XML_INACTIVE);
        g_autofree char *secure = domain_config_format(config, DOMAIN_XML_SECURE);
        g_autofree char *parsed = domain_config_format(ignored, 0);

        for (size_t i = 0; i < G_N_ELEMENTS(live_only); i++) {
                g_assert_nonnull(strstr(live, live_only[i]));
                g_assert_null(strstr(inactive, live_only[i]));
                g_assert_null(strstr(parsed, live_only[i]));
        }
        for (size_t i = 0; i < G_N_ELEMENTS(always); i++) {
                g_assert_nonnull(strstr(live, always[i]));
                g_assert_nonnull(strstr(inactive, always[i]));
                g_assert_nonnull(strstr(parsed, always[i]));
        }
        g_assert_nonnull(strstr(inactive, "port='-1' autoport='yes'"));
        g_assert_null(strstr(live, "secret"));
        g_assert_nonnull(strstr(secure, "type='vnc' port='5903' autoport='yes' passwd='secret'"));
        g_assert_nonnull(strstr(secure, "type='spice' passwd='secret'"));
}

/* ---- the rest -----------------------------------------------------------------------------------
 */

static void test_tables(void)
{
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(bind_check(&domain_type, &error), ==, 0);
        g_assert_no_error(error);
}

static void test_names(void)
{
        DiskBus bus = DISK_BUS_ABSENT;

        g_assert_cmpint(disk_name_index("vda", &bus), ==, 0);
        g_assert_cmpint(bus, ==, DISK_BUS_VIRTIO);
        g_assert_cmpint(disk_name_index("hdz", &bus), ==, 25);
        g_assert_cmpint(bus, ==, DISK_BUS_IDE);
        g_assert_cmpint(disk_name_index("sdaa", &bus), ==, 26);
        g_assert_cmpint(disk_name_index("xvdzz", &bus), ==, 26 * 27 - 1);
        g_assert_cmpint(bus, ==, DISK_BUS_XEN);
        g_assert_cmpint(disk_name_index("sdaaa", NULL), ==, 26 * 27);
        g_assert_cmpint(disk_name_index("sdaaaa", NULL), ==, -1);
        g_assert_cmpint(disk_name_index("vd", NULL), ==, -1);
        g_assert_cmpint(disk_name_index("vd1", NULL), ==, -1);
        g_assert_cmpint(disk_name_index("vda1", NULL), ==, 0);
        g_assert_cmpint(disk_name_index("vda-", NULL), ==, -1);
        g_assert_cmpint(disk_name_index("", NULL), ==, -1);
}

static void test_random(void)
{
        g_autofree char *xml = document("", "<interface type='user'/><interface type='user'/>");
        g_autoptr(DomainConfig) config = NULL;
        g_autofree char *uuid = NULL;

        config = define(xml, &qemu_host, NULL);
        g_assert_nonnull(config);
        uuid = uuid_normalize(config->uuid);
        g_assert_cmpstr(uuid, ==, config->uuid);
        for (int i = 0; i < 2; i++) {
                g_autofree char *mac = mac_normalize(config->devices.interfaces[i]->mac.address);

                g_assert_cmpstr(mac, ==, config->devices.interfaces[i]->mac.address);
                g_assert_true(g_str_has_prefix(mac, "52:54:00:"));
        }
        g_assert_nonnull(domain_config_controller(config, CONTROLLER_USB, 0));
        g_assert_null(domain_config_controller(config, CONTROLLER_USB, 1));
        g_assert_null(domain_config_disk(config, "vda"));
}

/* A document of a megabyte is answered at once, whatever is in it. */
static void test_hostile(void)
{
        static const struct {
                const char *head, *unit, *tail;
        } cases[] = {
                { "<domain type='qemu'><name>a</name><memory>1</memory><os><type>hvm</type></os><devices>",
                        "<video/>", "</devices></domain>" },
                { "<domain type='qemu'><name>a</name><memory>1</memory><os><type>hvm</type></os><devices>",
                        "<x/>", "</devices></domain>" },
                { "<domain type='qemu'><name>a</name><memory>1</memory><os><type>hvm</type></os>",
                        "<x/>", "</domain>" },
                { "<domain type='qemu'><name>a</name><memory>1</memory>", "<cpu/>", "</domain>" },
                { "<domain type='qemu'><name>", "a", "</name></domain>" },
                { "<domain type='qemu'><name>a</name><description>", "&lt;<!-- -->",
                        "</description></domain>" },
                { "<domain type='qemu'><name>a</name><metadata>", "<b>\n</b>",
                        "</metadata></domain>" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GString) xml = g_string_new(cases[i].head);
                g_autoptr(DomainConfig) config = NULL;
                clock_t begin = clock();

                while (xml->len < XML_MAX_BYTES - 200)
                        g_string_append(xml, cases[i].unit);
                g_string_append(xml, cases[i].tail);
                config = define(xml->str, &qemu_host, NULL);
                if (config) {
                        g_autofree char *out = domain_config_format(config, 0);

                        g_assert_nonnull(out);
                }
                g_assert_cmpint(clock() - begin, <, 10 * CLOCKS_PER_SEC);
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        add_documents();
        g_test_add_func("/model/domain/refused/whole", test_refused_whole);
        g_test_add_func("/model/domain/refused/part", test_refused_part);
        g_test_add_func("/model/domain/memory-of-cells", test_memory_of_cells);
        g_test_add_func("/model/domain/refused/boot", test_boot_exclusive);
        g_test_add_func("/model/domain/identify", test_identify);
        g_test_add_func("/model/domain/head", test_head);
        g_test_add_func("/model/domain/blanks", test_blanks);
        g_test_add_func("/model/domain/metadata", test_metadata);
        g_test_add_func("/model/domain/flags", test_flags);
        g_test_add_func("/model/domain/tables", test_tables);
        g_test_add_func("/model/domain/names", test_names);
        g_test_add_func("/model/domain/random", test_random);
        g_test_add_func("/model/domain/hostile", test_hostile);
        return g_test_run();
}
