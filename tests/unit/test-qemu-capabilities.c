/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <unistd.h>

#include "drivers/model/xml.h"
#include "drivers/qemu/capabilities.h"
#include "drivers/qemu/firmware.h"
#include "fake-qemu.h"
#include "service/base/error.h"

#define EMULATOR "/usr/bin/qemu-system-x86_64"

static Probes *new_probes(void)
{
        return probes_new(
                &(ProbesOptions){ .kvm_device = "/dev/null/no-kvm", .uid = -1, .gid = -1 });
}

static void assert_has(const char *text, const char *part)
{
        if (!strstr(text, part))
                g_error("no '%s' in:\n%s", part, text);
}

static void assert_well_formed(const char *text, const char *root)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(xmlDoc) document = xml_parse(text, strlen(text), "(capabilities)", &error);

        g_assert_no_error(error);
        g_assert_cmpstr((const char *)xmlDocGetRootElement(document)->name, ==, root);
}

static void test_host(const void *data)
{
        static const char *const parts[] = { "\n  <host>\n    <uuid>", "<arch>x86_64</arch>",
                "<topology sockets='", "<pages unit='KiB' size='4'/>", "<cells num='",
                "<cell id='0'>\n          <memory unit='KiB'>", "<cpu id='0' socket_id='",
                "<os_type>hvm</os_type>",
                "<arch name='x86_64'>\n      <wordsize>64</wordsize>\n      <emulator>" EMULATOR
                "</emulator>\n"
                "      <machine maxCpus='255'>pc-i440fx-",
                "' maxCpus='255'>pc</machine>", "' maxCpus='288'>q35</machine>",
                "<domain type='qemu'/>\n    </arch>", "<acpi default='on' toggle='yes'/>",
                "<deviceboot/>" };
        Probes *probes = new_probes();
        g_autofree char *text = NULL;

        (void)data;
        g_assert_cmpint(capabilities_format(probes, &text, NULL), ==, 0);
        assert_well_formed(text, "capabilities");
        for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
                assert_has(text, parts[i]);
        g_assert_null(strstr(text, "baselabel"));
        probes_unref(probes);
}

static void test_domain(const void *data)
{
        static const char *const parts[] = { "<path>" EMULATOR
                                             "</path>\n  <domain>qemu</domain>\n  <machine>pc-q35-",
                "<arch>x86_64</arch>\n  <vcpu max='288'/>\n  <iothreads supported='yes'/>\n"
                "  <os supported='yes'>\n    <enum name='firmware'",
                "<mode name='host-passthrough' supported='no'/>",
                "<enum name='maximumMigratable'>\n        <value>on</value>",
                "<model usable='yes' vendor='unknown'>qemu64</model>",
                "<enum name='bus'>\n        <value>fdc</value>\n        <value>scsi</value>",
                "<enum name='type'>\n        <value>vnc</value>", "<hostdev supported='no'/>",
                "<genid supported='yes'/>", "<hyperv supported='no'/>" };
        Probes *probes = new_probes();
        g_autofree char *text = NULL, *other = NULL;

        (void)data;
        g_assert_cmpint(
                capabilities_format_domain(probes, EMULATOR, "x86_64", "q35", "qemu", &text, NULL),
                ==, 0);
        assert_well_formed(text, "domainCapabilities");
        for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
                assert_has(text, parts[i]);
        g_assert_null(strstr(text, "-v1<"));
        g_assert_cmpint(
                capabilities_format_domain(probes, NULL, NULL, NULL, NULL, &other, NULL), ==, 0);
        assert_has(other, "<machine>pc-i440fx-");
        assert_has(other, "<value>ide</value>");
        probes_unref(probes);
}

/* The errors are those of libvirt 9. */
static void test_domain_errors(const void *data)
{
        static const struct {
                const char *emulator, *arch, *machine, *virt_type, *text;
                int code;
        } cases[] = {
                { NULL, "foo", NULL, NULL, "invalid argument: unknown architecture: foo",
                        ERROR_INVALID_ARG },
                { NULL, NULL, NULL, "bogus", "invalid argument: unknown virttype: bogus",
                        ERROR_INVALID_ARG },
                { NULL, NULL, NULL, "xen",
                        "invalid argument: Emulator '" EMULATOR
                        "' does not support virt type 'xen'",
                        ERROR_INVALID_ARG },
                { NULL, NULL, NULL, "kvm",
                        "invalid argument: Emulator '" EMULATOR
                        "' does not support virt type 'kvm'",
                        ERROR_INVALID_ARG },
                { NULL, NULL, "nope", NULL,
                        "invalid argument: the machine 'nope' is not supported by emulator '" EMULATOR
                        "'",
                        ERROR_INVALID_ARG },
                { EMULATOR, "aarch64", NULL, NULL,
                        "invalid argument: architecture from emulator 'x86_64' doesn't match given "
                        "architecture 'aarch64'",
                        ERROR_INVALID_ARG },
                { NULL, "sparc", NULL, NULL,
                        "unsupported configuration: unable to find any emulator to serve 'sparc' "
                        "architecture",
                        ERROR_CONFIG_UNSUPPORTED },
                { "/nonexistent", NULL, NULL, NULL,
                        "Cannot check QEMU binary /nonexistent: No such file or directory",
                        ERROR_SYSTEM_ERROR },
        };
        Probes *probes = new_probes();

        (void)data;
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;
                char *text = NULL;

                g_assert_cmpint(capabilities_format_domain(probes, cases[i].emulator, cases[i].arch,
                                        cases[i].machine, cases[i].virt_type, &text, &error),
                        ==, -1);
                g_assert_error(error, VIRTBUS_ERROR, cases[i].code);
                g_assert_cmpstr(error->message, ==, cases[i].text);
        }
        probes_unref(probes);
}

/* Whom QEMU is run as, in the form of the host's <baselabel>. */
static void test_label(const void *data)
{
        g_autoptr(Probes) probes = probes_new(&(ProbesOptions){ .uid = 107, .gid = 108 });
        g_autofree char *label = probes_label(probes);

        (void)data;
        g_assert_cmpstr(label, ==, "+107:+108");
}

/* Firmware. */

static char *scratch;

static void write_descriptor(const char *directory, const char *name, const char *code,
        const char *machines, const char *features)
{
        g_autofree char *folder = g_build_filename(scratch, directory, NULL);
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *text = g_strdup_printf(
                "{\"interface-types\": [\"uefi\"], \"mapping\": {\"device\": \"flash\", \"executable\": "
                "{\"filename\": \"%s\", \"format\": \"raw\"}, \"nvram-template\": {\"filename\": "
                "\"/vars/%s\", \"format\": \"raw\"}}, \"targets\": [{\"architecture\": \"x86_64\", "
                "\"machines\": [\"%s\"]}], \"features\": [%s], \"tags\": []}",
                code, name, machines, features);

        g_mkdir_with_parents(folder, 0700);
        g_assert_true(g_file_set_contents(path, code[0] ? text : "", -1, NULL));
}

static void assert_chosen(const FirmwareWish *wish, const char *template)
{
        g_autofree char *low = g_build_filename(scratch, "low", NULL);
        g_autofree char *high = g_build_filename(scratch, "high", NULL);
        const char *const directories[] = { low, high, "/nonexistent", NULL };
        g_autoptr(Firmware) firmware = NULL;
        g_autoptr(GError) error = NULL;
        int r = firmware_choose(directories, wish, &firmware, &error);

        if (!template) {
                g_assert_cmpint(r, ==, -1);
                g_assert_error(error, VIRTBUS_ERROR, ERROR_OPERATION_FAILED);
                g_assert_cmpstr(error->message, ==,
                        "operation failed: Unable to find any firmware to satisfy 'efi'");
        } else {
                g_assert_no_error(error);
                g_assert_cmpstr(firmware->template, ==, template);
        }
}

/* The choice put into a configuration; one that names its loader stays as it is. */
static void test_firmware_fill(void)
{
        g_autofree char *low = g_build_filename(scratch, "low", NULL);
        g_autofree char *high = g_build_filename(scratch, "high", NULL);
        const char *const directories[] = { low, high, NULL };
        DomainConfig *config = g_new0(DomainConfig, 1);
        g_autoptr(GError) error = NULL;

        config->os.firmware = OS_FIRMWARE_EFI;
        config->os.type.arch = g_strdup("x86_64");
        config->os.type.machine = g_strdup("pc-q35-7.2");
        g_assert_cmpint(firmware_fill(directories, config, NULL), ==, 0);
        g_assert_cmpstr(config->os.loader.path, ==, "/bin/sh");
        g_assert_cmpint(config->os.loader.type, ==, LOADER_PFLASH);
        g_assert_cmpint(config->os.loader.secure, ==, SWITCH_ON);
        g_assert_cmpint(config->features.smm->state, ==, SWITCH_ON);
        g_assert_cmpstr(config->os.nvram.template, ==, "/vars/30-secure.json");

        g_free(config->os.loader.path);
        config->os.loader.path = g_strdup("/mine");
        g_assert_cmpint(firmware_fill(directories, config, NULL), ==, 0);
        g_assert_cmpstr(config->os.loader.path, ==, "/mine");

        g_clear_pointer(&config->os.loader.path, g_free);
        config->os.kept.elements = g_strdup("\x01\x01<firmware/>");
        g_assert_cmpint(firmware_fill(directories, config, &error), ==, -1);
        g_assert_error(error, VIRTBUS_ERROR, ERROR_CONFIG_UNSUPPORTED);
        domain_config_free(config);
}

static void test_firmware(void)
{
        g_autofree char *broken = NULL, *remove = NULL;

        scratch = g_dir_make_tmp("virtbus-firmware-XXXXXX", NULL);
        write_descriptor("low", "10-hidden.json", "/bin/sh", "*", "");
        write_descriptor("high", "10-hidden.json", "", "", "");
        write_descriptor("low", "20-missing.json", "/nonexistent", "*", "");
        write_descriptor("low", "30-secure.json", "/bin/sh", "pc-q35-*",
                "\"secure-boot\", \"requires-smm\"");
        write_descriptor("high", "40-plain.json", "/bin/sh", "pc-i440fx-*\", \"pc-q35-*", "");
        broken = g_build_filename(scratch, "low", "05-broken.json", NULL);
        g_assert_true(g_file_set_contents(broken, "{", -1, NULL));

        assert_chosen(&(FirmwareWish){ "x86_64", "pc-q35-7.2", SWITCH_ABSENT, SWITCH_OFF },
                "/vars/40-plain.json");
        assert_chosen(&(FirmwareWish){ "x86_64", "pc-q35-7.2", SWITCH_ABSENT, SWITCH_ON },
                "/vars/30-secure.json");
        assert_chosen(&(FirmwareWish){ "x86_64", "pc-q35-7.2", SWITCH_ON, SWITCH_ABSENT },
                "/vars/30-secure.json");
        assert_chosen(&(FirmwareWish){ "x86_64", "pc-q35-7.2", SWITCH_OFF, SWITCH_ON },
                "/vars/40-plain.json");
        assert_chosen(&(FirmwareWish){ "x86_64", "pc-i440fx-7.2", SWITCH_ON, SWITCH_ON }, NULL);
        assert_chosen(&(FirmwareWish){ "x86_64", "pc-i440fx-7.2", SWITCH_ABSENT, SWITCH_ABSENT },
                "/vars/40-plain.json");
        assert_chosen(&(FirmwareWish){ "aarch64", "virt-7.2", SWITCH_ABSENT, SWITCH_ABSENT }, NULL);

        test_firmware_fill();
        remove = g_strdup_printf("rm -r '%s'", scratch);
        g_assert_true(g_spawn_command_line_sync(remove, NULL, NULL, NULL, NULL));
        g_free(scratch);
}

static const FiberTest tests[] = {
        { "host", test_host, NULL },
        { "domain", test_domain, NULL },
        { "domain-errors", test_domain_errors, NULL },
        { "label", test_label, NULL },
};

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/firmware", test_firmware);
        if (access(EMULATOR, X_OK) == 0)
                fiber_tests_add("/capabilities", tests, G_N_ELEMENTS(tests));
        return g_test_run();
}
