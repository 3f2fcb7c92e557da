/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Golden command lines: tests/data/qemu/NAME.xml becomes NAME.args, which VIRTBUS_REGENERATE=1
 * writes anew; and each of them is given to the QEMU that is installed. */

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "drivers/qemu/alias.h"
#include "drivers/qemu/command.h"
#include "drivers/qemu/probe.h"
#include "drivers/qemu/qmp.h"
#include "fake-qemu.h"
#include "service/base/cleanup.h"
#include "service/base/error.h"
#include "service/base/fiber.h"

#define EMULATOR "/usr/bin/qemu-system-x86_64"
#define SECOND 1000000

static const char *const names[] = { "minimal", "minimal-pc", "server-q35", "everything-pc", "uefi",
        "direct-kernel", "descriptors", "taps", "kvm" };

static const char data_directory[] = TEST_DATA "/qemu";
static char *scratch;

static char *read_data(const char *name, const char *suffix)
{
        g_autofree char *path = g_strdup_printf("%s/%s%s", data_directory, name, suffix);
        char *text = NULL;

        if (!g_file_get_contents(path, &text, NULL, NULL))
                g_error("cannot read %s", path);
        return text;
}

/* The binary that the golden command lines are for, whatever is installed. */
static QemuBinary *fixture(void)
{
        g_autofree char *text = read_data("qemu-7.2", ".json");
        json_t *json = json_loads(text, 0, NULL);
        QemuBinary *binary = qemu_binary_from_json(json);

        g_assert_nonnull(binary);
        json_decref(json);
        return binary;
}

static char *default_machine(
        void *data, VirtType type, const char *arch, const char *machine, GError **error)
{
        const QemuMachine *found = qemu_binary_machine(data, machine);

        (void)type, (void)arch;
        if (!found)
                error_set(error, ERROR_CONFIG_UNSUPPORTED, "no machine '%s'", machine);
        return found ? g_strdup(found->name) : NULL;
}

static char *default_emulator(void *data, VirtType type, const char *arch)
{
        (void)type, (void)arch;
        return g_strdup(((QemuBinary *)data)->path);
}

static DomainConfig *load(const char *xml, QemuBinary *binary)
{
        const DomainDefaults defaults = { .arch = "x86_64",
                .machine = default_machine,
                .emulator = default_emulator,
                .data = binary,
                .cpu_model = "qemu64",
                .qemu_devices = true };
        DomainConfig *config = NULL;
        g_autoptr(GError) error = NULL;

        domain_config_parse(xml, DOMAIN_XML_INACTIVE, &config, &error);
        g_assert_no_error(error);
        domain_config_defaults(config, &defaults, &error);
        g_assert_no_error(error);
        domain_config_validate(config, &error);
        g_assert_no_error(error);
        return config;
}

/* What the driver does to a configuration before it asks for the command line. */
static void go_live(DomainConfig *config, const char *runtime_directory)
{
        for (size_t i = 0; i < config->devices.n_graphics; i++) {
                VncGraphics *vnc = &config->devices.graphics[i]->vnc;

                if (number_or(vnc->port, -1) < 0)
                        vnc->port = number(5999);
        }
        alias_assign(config);
        qemu_command_prepare(config, runtime_directory);
}

typedef struct Descriptors {
        GArray *list; /* of QemuDescriptor */
        bool real;
        bool impossible; /* to have on this machine */
} Descriptors;

static int open_real(const char *path, int flags)
{
        int fd = open(path, flags | O_CLOEXEC, 0600);

        g_assert_cmpint(fd, >=, 0);
        return fd;
}

static int listen_at(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
        unlink(path);
        g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
        g_assert_cmpint(listen(fd, 1), ==, 0);
        return fd;
}

/* A queue of a new tap device, which goes with its descriptors. */
static int open_tap(Descriptors *descriptors, const char *name, unsigned n_queues)
{
        struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
        int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

        if (n_queues > 1)
                request.ifr_flags |= IFF_MULTI_QUEUE;
        g_strlcpy(request.ifr_name, name, sizeof(request.ifr_name));
        if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) {
                descriptors->impossible = true;
                return fd_close(fd);
        }
        return fd;
}

static void describe(Descriptors *descriptors, QemuDescriptorRole role, const void *device, int fd)
{
        QemuDescriptor descriptor = { .role = role, .device = device, .fd = fd };

        g_array_append_val(descriptors->list, descriptor);
}

static bool is_fd_path(const char *path)
{
        return path && strstr(path, "/fd-");
}

/* Descriptors for what is named so, and for taps. Of vhost there are some with KVM. */
static void describe_all(Descriptors *descriptors, const DomainConfig *config)
{
        const Devices *devices = &config->devices;
        bool real = descriptors->real;

        if (is_fd_path(devices->n_disks > 0 ? devices->disks[0]->source.path : NULL)) {
                describe(descriptors, QEMU_FD_CODE, NULL,
                        real ? open_real(config->os.loader.path, O_RDONLY) : 50);
                describe(descriptors, QEMU_FD_NVRAM, NULL,
                        real ? open_real(config->os.nvram.path, O_RDWR) : 51);
        }
        for (size_t i = 0; i < devices->n_disks; i++) {
                const Disk *disk = devices->disks[i];

                if (!is_fd_path(disk->source.path))
                        continue;
                describe(descriptors, QEMU_FD_DISK, disk,
                        real ? open_real(disk->source.path, disk->readonly ? O_RDONLY : O_RDWR) :
                               60);
        }
        for (size_t i = 0; i < devices->n_interfaces; i++) {
                const InterfaceDevice *interface = devices->interfaces[i];
                unsigned n = number_or(interface->driver.queues, 1);
                g_autofree char *name = g_strdup_printf("vbt%d.%zu", getpid() % 100000, i);

                if (interface->type == INTERFACE_USER)
                        continue;
                for (unsigned j = 0; j < n; j++)
                        describe(descriptors, QEMU_FD_TAP, interface,
                                real ? open_tap(descriptors, name, n) : 70);
                for (unsigned j = 0; j < n && interface->driver.name == INTERFACE_DRIVER_VHOST; j++)
                        describe(descriptors, QEMU_FD_VHOST, interface, real ? -1 : 80);
        }
        for (size_t i = 0; i < devices->n_serials; i++) {
                const Chardev *serial = devices->serials[i];

                if (serial->type == CHARDEV_FILE && is_fd_path(serial->path.path))
                        describe(descriptors, QEMU_FD_CHARDEV, serial,
                                real ? open_real(serial->path.path, O_WRONLY | O_CREAT) : 90);
                if (serial->type == CHARDEV_UNIX && is_fd_path(serial->unix_.path))
                        describe(descriptors, QEMU_FD_CHARDEV, serial,
                                real ? listen_at(serial->unix_.path) : 91);
                if (is_fd_path(serial->log.file))
                        describe(descriptors, QEMU_FD_CHARDEV_LOG, serial,
                                real ? open_real(serial->log.file, O_WRONLY | O_CREAT) : 92);
        }
}

/* One option with its argument on each line. */
static char *format_command(const QemuCommand *command)
{
        GString *text = g_string_new(NULL);

        for (char **variable = command->envp; *variable; variable++)
                g_string_append_printf(text, "%s\n", *variable);
        for (char **word = command->argv; *word; word++)
                g_string_append_printf(text, "%s%c", *word,
                        (*word)[0] == '-' && word[1] && word[1][0] != '-' ? ' ' : '\n');
        return g_string_free(text, FALSE);
}

static void test_golden(const void *data)
{
        const char *name = data;
        g_autoptr(QemuBinary) binary = fixture();
        g_autofree char *xml = read_data(name, ".xml"), *text = NULL, *expected = NULL;
        g_autoptr(DomainConfig) config = load(xml, binary);
        Descriptors descriptors = { .list = g_array_new(FALSE, FALSE, sizeof(QemuDescriptor)) };
        g_autoptr(QemuCommand) command = NULL;
        g_autoptr(GError) error = NULL;

        qemu_command_check(config, binary, &error);
        g_assert_no_error(error);
        go_live(config, "/run/guest");
        describe(&descriptors, QEMU_FD_MONITOR, NULL, 40);
        describe_all(&descriptors, config);
        qemu_command_build(config, binary,
                &(QemuRuntime){ .descriptors = (QemuDescriptor *)descriptors.list->data,
                        .n_descriptors = descriptors.list->len,
                        .now = 1700000000 },
                &command, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(command->n_fds, ==, descriptors.list->len);
        text = format_command(command);
        if (g_getenv("VIRTBUS_REGENERATE")) {
                g_autofree char *path = g_strdup_printf("%s/%s.args", data_directory, name);

                g_assert_true(g_file_set_contents(path, text, -1, NULL));
        }
        expected = read_data(name, ".args");
        g_assert_cmpstr(text, ==, expected);
        g_array_free(descriptors.list, TRUE);
}

/* The installed QEMU. */

static void write_at(int fd, off_t at, const void *bytes, size_t size)
{
        g_assert_cmpint(pwrite(fd, bytes, size, at), ==, size);
}

static void write_big_endian(int fd, off_t at, uint64_t value, size_t size)
{
        uint64_t swapped = GUINT64_TO_BE(value);

        write_at(fd, at, (char *)&swapped + 8 - size, size);
}

/* An empty image of 1 MiB (QEMU, docs/interop/qcow2): header, refcount table and block, first level
 * table. */
static void write_qcow2(int fd)
{
        write_at(fd, 0, "QFI\xfb", 4);
        write_big_endian(fd, 4, 3, 4);             /* version */
        write_big_endian(fd, 20, 16, 4);           /* cluster bits */
        write_big_endian(fd, 24, 1024 * 1024, 8);  /* size */
        write_big_endian(fd, 36, 1, 4);            /* entries in the first level table */
        write_big_endian(fd, 40, 3 * 65536, 8);    /* which is here */
        write_big_endian(fd, 48, 65536, 8);        /* refcount table */
        write_big_endian(fd, 56, 1, 4);            /* its clusters */
        write_big_endian(fd, 96, 4, 4);            /* refcounts of 16 bits */
        write_big_endian(fd, 100, 104, 4);         /* length of this header */
        write_big_endian(fd, 65536, 2 * 65536, 8); /* the refcount block */
        for (int cluster = 0; cluster < 4; cluster++)
                write_big_endian(fd, 2 * 65536 + 2 * cluster, 1, 2);
        g_assert_cmpint(ftruncate(fd, 4 * 65536), ==, 0);
}

/* As much of a kernel as QEMU looks at when it loads one (Linux, x86 boot protocol). */
static void write_kernel(int fd)
{
        write_at(fd, 0x1f1, "\x01", 1);
        write_at(fd, 0x1fe, "\x55\xaa", 2);
        write_at(fd, 0x202, "HdrS\x0c\x02", 6);
        write_at(fd, 0x211, "\x01", 1);
        write_at(fd, 0x22c, "\xff\xff\xff\x7f", 4);
        write_at(fd, 0x238, "\xff\x07\x00\x00", 4);
        g_assert_cmpint(ftruncate(fd, 16384), ==, 0);
}

static void make_file(const char *path, void (*write_content)(int fd), off_t size)
{
        _cleanup_fd_ int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        g_assert_cmpint(fd, >=, 0);
        if (write_content)
                write_content(fd);
        else
                g_assert_cmpint(ftruncate(fd, size), ==, 0);
}

/* Makes the files that a guest needs; false where the machine lacks something. */
static bool make_files(const DomainConfig *config)
{
        g_autofree char *text = NULL;
        gsize size;

        for (size_t i = 0; i < config->devices.n_disks; i++) {
                const Disk *disk = config->devices.disks[i];

                if (disk->source.path)
                        make_file(disk->source.path,
                                disk->driver.type == DISK_FORMAT_QCOW2 ? write_qcow2 : NULL,
                                disk->device == DISK_DEVICE_FLOPPY ? 1474560 : 1024 * 1024);
        }
        if (config->os.kernel)
                make_file(config->os.kernel, write_kernel, 0);
        if (config->os.initrd)
                make_file(config->os.initrd, NULL, 4096);
        if (!config->os.loader.path)
                return true;
        return access(config->os.loader.path, R_OK) == 0 &&
                g_file_get_contents(config->os.nvram.template, &text, &size, NULL) &&
                g_file_set_contents(config->os.nvram.path, text, size, NULL);
}

static int connect_to(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
        g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
        return fd;
}

typedef struct Guest {
        Child *child;
        Qmp *qmp;
} Guest;

/* Runs the command line until QEMU answers. */
static Guest run_command(const QemuCommand *command, const char *socket, const char *name)
{
        g_autofree char *messages = g_strdup_printf("%s/%s.messages", scratch, name), *text = NULL;
        _cleanup_fd_ int log = open_real(messages, O_RDWR | O_CREAT | O_TRUNC);
        g_autofree ChildFd *fds = g_new0(ChildFd, command->n_fds + 1);
        g_autoptr(GError) error = NULL;
        Guest guest = { 0 };
        uint64_t started = fiber_now();
        json_t *status = NULL;
        int r;

        memcpy(fds, command->fds, command->n_fds * sizeof(*fds));
        fds[command->n_fds] = (ChildFd){ log, 2 };
        r = child_spawn(&(ChildSpec){ .argv = (const char *const *)command->argv,
                                .fds = fds,
                                .n_fds = command->n_fds + 1,
                                .uid = -1,
                                .gid = -1,
                                .die_with_parent = true },
                &guest.child);
        g_assert_cmpint(r, ==, 0);
        for (size_t i = 0; i < command->n_fds; i++)
                close(command->fds[i].fd);
        g_assert_cmpint(qmp_new(fibers_event(), connect_to(socket), "QEMU", &guest.qmp), ==, 0);
        if (qmp_negotiate(guest.qmp, fiber_deadline(120 * SECOND), &error) >= 0)
                qmp_call(guest.qmp, "query-status", NULL, &status, fiber_deadline(120 * SECOND),
                        &error);
        g_assert_true(g_file_get_contents(messages, &text, NULL, NULL));
        if (error)
                g_error("%s: %s\n%s", name, error->message, text);
        g_test_message("%s: first answer after %" G_GUINT64_FORMAT " ms%s%s", name,
                (fiber_now() - started) / 1000, *text ? "; " : "", text);
        g_assert_cmpstr(json_string_value(json_object_get(status, "status")), ==, "prelaunch");
        json_decref(status);
        return guest;
}

static void quit(Guest *guest)
{
        g_assert_cmpint(
                qmp_call(guest->qmp, "quit", NULL, NULL, fiber_deadline(120 * SECOND), NULL), ==,
                0);
        g_assert_cmpint(child_wait(guest->child, fiber_deadline(120 * SECOND)), ==, 0);
        qmp_unref(guest->qmp);
        child_free(guest->child);
}

static void test_real(const void *data)
{
        const char *name = data;
        g_autofree char *raw = read_data(name, ".xml");
        g_auto(GStrv) parts = g_strsplit(raw, "/SCRATCH", -1);
        g_autofree char *xml = g_strjoinv(scratch, parts);
        g_autofree char *socket = g_strdup_printf("%s/%s.monitor", scratch, name);
        g_autoptr(Probes) probes = probes_new(&(ProbesOptions){ .uid = -1, .gid = -1 });
        Descriptors descriptors = { .list = g_array_new(FALSE, FALSE, sizeof(QemuDescriptor)),
                .real = true };
        g_autoptr(QemuBinary) binary = NULL;
        g_autoptr(DomainConfig) config = NULL;
        g_autoptr(QemuCommand) command = NULL;
        g_autoptr(GError) error = NULL;
        Guest guest;

        g_assert_cmpint(probes_get(probes, EMULATOR, &binary, NULL), ==, 0);
        config = load(xml, binary);
        qemu_command_check(config, binary, &error);
        g_assert_no_error(error);
        go_live(config, scratch);
        describe(&descriptors, QEMU_FD_MONITOR, NULL, listen_at(socket));
        if (make_files(config))
                describe_all(&descriptors, config);
        else
                descriptors.impossible = true;
        if (descriptors.impossible) {
                for (guint i = 0; i < descriptors.list->len; i++)
                        fd_close(g_array_index(descriptors.list, QemuDescriptor, i).fd);
                g_array_free(descriptors.list, TRUE);
                g_test_skip("this machine lacks what it needs");
                return;
        }
        qemu_command_build(config, binary,
                &(QemuRuntime){ .descriptors = (QemuDescriptor *)descriptors.list->data,
                        .n_descriptors = descriptors.list->len,
                        .now = g_get_real_time() / SECOND },
                &command, &error);
        g_assert_no_error(error);
        guest = run_command(command, socket, name);
        quit(&guest);
        g_array_free(descriptors.list, TRUE);
}

/* What a guest does of itself, told apart by the events of command.h. The guest is a boot sector.
 */

static const struct {
        const char *name, *on_reboot, *code;
        size_t size;
        const char *event, *field, *value, *status;
} deeds[] = {
        /* 0x2000 to the control register of the power management timer: soft off */
        { "poweroff", "restart", "\xba\x04\x06\xb8\x00\x20\xef\xeb\xfe", 9, "SHUTDOWN", "reason",
                "guest-shutdown", "shutdown" },
        /* 0xfe to the keyboard controller: reset */
        { "reboot", "restart", "\xb0\xfe\xe6\x64\xeb\xfe", 6, "RESET", "reason", "guest-reset",
                "running" },
        { "reboot-destroys", "destroy", "\xb0\xfe\xe6\x64\xeb\xfe", 6, "SHUTDOWN", "reason",
                "guest-reset", "shutdown" },
        /* 1 to the port of the panic device */
        { "panic", "restart", "\xba\x05\x05\xb0\x01\xee\xeb\xfe", 8, "GUEST_PANICKED", "action",
                "pause", "guest-panicked" },
};

typedef struct Watcher {
        guint deed;
        Wait seen;
} Watcher;

static void on_event(Qmp *qmp, const char *name, json_t *data, uint64_t timestamp, void *userdata)
{
        Watcher *watcher = userdata;

        g_assert_cmpuint(timestamp, >, 0);
        if (strcmp(name, deeds[watcher->deed].event) != 0 || watcher->seen.done)
                return;
        g_assert_cmpstr(json_string_value(json_object_get(data, deeds[watcher->deed].field)), ==,
                deeds[watcher->deed].value);
        if (strcmp(name, "GUEST_PANICKED") != 0)
                g_assert_true(json_is_true(json_object_get(data, "guest")));
        qmp_watch(qmp, NULL, NULL, NULL);
        wait_done(&watcher->seen, 0);
}

static void test_deed(const void *data)
{
        guint i = GPOINTER_TO_UINT(data);
        g_autofree char *xml = g_strdup_printf(
                "<domain type='qemu'><name>deed</name><uuid>5f1e8a52-1f6e-4bd5-9d1c-3b6d0a6f5c12</uuid>"
                "<memory>65536</memory><os><type arch='x86_64' machine='pc'>hvm</type></os>"
                "<features><acpi/></features><on_reboot>%s</on_reboot>"
                "<devices><disk type='file' device='disk'><driver name='qemu' type='raw'/>"
                "<source file='%s/boot.img'/><target dev='hda' bus='ide'/></disk><panic model='isa'/>"
                "</devices></domain>",
                deeds[i].on_reboot, scratch);
        g_autofree char *socket = g_strdup_printf("%s/deed.monitor", scratch);
        g_autoptr(Probes) probes = probes_new(&(ProbesOptions){ .uid = -1, .gid = -1 });
        g_autoptr(QemuBinary) binary = NULL;
        g_autoptr(DomainConfig) config = NULL;
        g_autoptr(QemuCommand) command = NULL;
        QemuDescriptor monitor = { .role = QEMU_FD_MONITOR, .fd = listen_at(socket) };
        Watcher watcher = { .deed = i, .seen = WAIT_INIT };
        json_t *status = NULL;
        Guest guest;
        int fd;

        g_assert_cmpint(probes_get(probes, EMULATOR, &binary, NULL), ==, 0);
        config = load(xml, binary);
        g_assert_cmpint(qemu_command_check(config, binary, NULL), ==, 0);
        go_live(config, scratch);
        g_assert_true(make_files(config));
        fd = open_real(config->devices.disks[0]->source.path, O_WRONLY);
        write_at(fd, 0, deeds[i].code, deeds[i].size);
        write_at(fd, 510, "\x55\xaa", 2);
        close(fd);

        g_assert_cmpint(qemu_command_build(config, binary,
                                &(QemuRuntime){ .descriptors = &monitor, .n_descriptors = 1 },
                                &command, NULL),
                ==, 0);
        guest = run_command(command, socket, "deed");
        qmp_watch(guest.qmp, on_event, NULL, &watcher);
        g_assert_cmpint(
                qmp_call(guest.qmp, "cont", NULL, NULL, fiber_deadline(120 * SECOND), NULL), ==, 0);
        g_assert_cmpint(
                wait_for(&watcher.seen, "the guest's deed", fiber_deadline(120 * SECOND)), ==, 0);
        g_assert_cmpint(qmp_call(guest.qmp, "query-status", NULL, &status,
                                fiber_deadline(120 * SECOND), NULL),
                ==, 0);
        g_assert_cmpstr(json_string_value(json_object_get(status, "status")), ==, deeds[i].status);
        json_decref(status);
        quit(&guest);
}

/* What is refused, and how. */

static const struct {
        const char *name, *head, *devices, *text;
} refusals[] = {
        { "tpm", "", "<tpm model='tpm-crb'><backend type='emulator'/></tpm>",
                "the QEMU driver cannot run a device of kind 'tpm' yet" },
        { "hostdev", "",
                "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/><product id='0x2'/></source>"
                "</hostdev>",
                "cannot run a device of kind 'hostdev' yet" },
        { "filesystem", "",
                "<filesystem type='mount'><source dir='/'/><target dir='x'/></filesystem>",
                "cannot run a device of kind 'filesystem' yet" },
        { "vsock", "", "<vsock model='virtio'><cid auto='yes'/></vsock>",
                "a device of kind 'vsock' yet" },
        { "panic", "", "<panic model='hyperv'/>", "a panic device of model 'hyperv' yet" },
        { "spice", "", "<graphics type='spice'/>", "cannot run graphics of type 'spice' yet" },
        { "disk-network", "",
                "<disk type='network' device='disk'><source protocol='rbd' name='a/b'/><target dev='vda'/></disk>",
                "cannot run disk 'vda' of type 'network' yet" },
        { "disk-format", "",
                "<disk type='file' device='disk'><driver name='qemu' type='vmdk'/><source file='/x'/>"
                "<target dev='vda'/></disk>",
                "cannot run disk 'vda' of format 'vmdk' yet" },
        { "disk-encryption", "",
                "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/x'>"
                "<encryption format='luks'/></source><target dev='vda'/></disk>",
                "cannot run disk 'vda' with <encryption> yet" },
        { "disk-iotune", "",
                "<disk type='file' device='disk'><source file='/x'/><target dev='vda'/><iotune>"
                "<total_iops_sec>1</total_iops_sec></iotune></disk>",
                "cannot run disk 'vda' with <iotune> yet" },
        { "disk-ide", "",
                "<disk type='file' device='disk'><source file='/x'/><target dev='hda' bus='ide'/></disk>",
                "IDE controllers are unsupported for this QEMU binary or machine type" },
        { "interface-filter", "",
                "<interface type='bridge'><source bridge='b'/><filterref filter='clean-traffic'/></interface>",
                "with <filterref> yet" },
        { "interface-direct", "", "<interface type='direct'><source dev='eth0'/></interface>",
                "cannot run an interface of type 'direct' yet" },
        { "interface-model", "",
                "<interface type='user'><mac address='52:54:00:00:00:01'/><model type='fancy'/></interface>",
                "interface '52:54:00:00:00:01' needs the device 'fancy', which emulator" },
        { "serial-stdio", "", "<serial type='stdio'/>",
                "cannot run a serial port of type 'stdio' yet" },
        { "rng-egd", "", "<rng model='virtio'><backend model='egd' type='udp'/></rng>",
                "cannot run an rng with the backend 'egd' yet" },
        { "numa", "<cpu><numa><cell id='0' cpus='0' memory='65536'/></numa></cpu>", "",
                "cannot run a guest with NUMA cells yet" },
        { "passthrough", "<cpu mode='host-passthrough'/>", "",
                "CPU mode 'host-passthrough' for x86_64 qemu domain on x86_64 host is not supported" },
        { "cpu-model", "<cpu mode='custom'><model>Cray-1</model></cpu>", "",
                "CPU model Cray-1 is not supported by hypervisor" },
        { "memory-backing", "<memoryBacking><hugepages/></memoryBacking>", "",
                "cannot run a guest with <memoryBacking> yet" },
        { "command-line",
                "<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
                "<qemu:arg value='-foo'/></qemu:commandline>",
                "", "cannot run a guest with <qemu:commandline> yet" },
        { "pcihole64", "",
                "<controller type='pci' index='0' model='pcie-root'><pcihole64>1</pcihole64></controller>",
                "with <pcihole64> yet" },
        { "cpu-cache", "<cpu mode='maximum'><cache mode='passthrough'/></cpu>", "",
                "cannot run a guest with <cache> yet" },
        { "feature", "<features><htm state='on'/></features>", "",
                "cannot run a guest with the feature 'htm' yet" },
        { "idmap", "<idmap><uid start='0' target='1' count='1'/></idmap>", "",
                "cannot run a guest with <idmap> yet" },
        { "timer-catchup", "<clock><timer name='rtc'><catchup slew='2'/></timer></clock>", "",
                "cannot run a timer 'rtc' with <catchup> yet" },
        { "metadata-cache", "",
                "<disk type='file' device='disk'><driver name='qemu' type='qcow2'><metadata_cache>"
                "<max_size>1</max_size></metadata_cache></driver><source file='/x'/><target dev='vda'/></disk>",
                "cannot run disk 'vda' with <metadata_cache> yet" },
        { "disk-slices", "",
                "<disk type='file' device='disk'><source file='/x'><slices><slice type='storage' offset='1' size='2'/>"
                "</slices></source><target dev='vda'/></disk>",
                "cannot run disk 'vda' with <slices> yet" },
        { "loadparm", "",
                "<disk type='file' device='disk'><source file='/x'/><target dev='vda'/><boot order='1' loadparm='2'/>"
                "</disk>",
                "cannot run disk 'vda' with a loadparm" },
        { "interface-rss", "", "<interface type='user'><driver rss='on'/></interface>",
                "with rss yet" },
        { "interface-teaming", "",
                "<interface type='user'><teaming type='persistent'/></interface>",
                "with <teaming> yet" },
        { "reconnect", "",
                "<serial type='unix'><source mode='connect' path='/x'><reconnect enabled='yes' timeout='1'/></source>"
                "</serial>",
                "with <reconnect> yet" },
        { "vnc-audio", "", "<graphics type='vnc'><audio id='1'/></graphics>", "with <audio> yet" },
        { "audio", "", "<audio id='1' type='jack'/>", "cannot run audio of type 'jack' yet" },
        { "memory", "", "<memory model='sgx-epc'><target><size>1024</size></target></memory>",
                "cannot run a device of kind 'memory' yet" },
        { "unknown", "", "<flux/>", "cannot run a device of kind 'flux' yet" },
        { "sev", "<launchSecurity type='s390-pv'/>", "",
                "cannot run a guest with <launchSecurity> yet" },
};

static void test_refusal(const void *data)
{
        guint i = GPOINTER_TO_UINT(data);
        g_autofree char *xml = g_strdup_printf(
                "<domain type='qemu'><name>x</name><uuid>5f1e8a52-1f6e-4bd5-9d1c-3b6d0a6f5c11</uuid>"
                "<memory>65536</memory><os><type arch='x86_64' machine='q35'>hvm</type></os>%s"
                "<devices>%s</devices></domain>",
                refusals[i].head, refusals[i].devices);
        g_autoptr(QemuBinary) binary = fixture();
        g_autoptr(DomainConfig) config = load(xml, binary);
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(qemu_command_check(config, binary, &error), ==, -1);
        g_assert_error(error, VIRTBUS_ERROR, ERROR_CONFIG_UNSUPPORTED);
        g_assert_true(g_str_has_prefix(error->message, "unsupported configuration: "));
        if (!strstr(error->message, refusals[i].text))
                g_error("'%s' lacks '%s'", error->message, refusals[i].text);
}

static void test_missing_tap(void)
{
        g_autoptr(QemuBinary) binary = fixture();
        g_autofree char *xml = read_data("taps", ".xml");
        g_autoptr(DomainConfig) config = load(xml, binary);
        g_autoptr(QemuCommand) command = NULL;
        g_autoptr(GError) error = NULL;

        go_live(config, "/run/guest");
        g_assert_cmpint(
                qemu_command_build(config, binary, &(QemuRuntime){ .now = 1 }, &command, &error),
                ==, -1);
        g_assert_null(command);
        g_assert_cmpstr(error->message, ==,
                "internal error: interface 'net0' of guest 'taps' has no tap device");
}

static void test_disk_index(void)
{
        static const struct {
                const char *dev;
                int index;
        } cases[] = { { "vda", 0 }, { "sdz", 25 }, { "hdaa", 26 }, { "xvdab", 27 }, { "vd", -1 },
                { "sda1", -1 }, { "nvme0", -1 }, { "", -1 } };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
                g_assert_cmpint(alias_disk_index(cases[i].dev), ==, cases[i].index);
}

/* Aliases stay what they are once given, and a disk that comes later gets nodes of its own. */
static void test_alias(void)
{
        g_autoptr(QemuBinary) binary = fixture();
        g_autofree char *xml = read_data("server-q35", ".xml"), *node = NULL;
        g_autoptr(DomainConfig) config = load(xml, binary);
        Disk **disks = config->devices.disks;
        Disk late = { .target = { .dev = (char *)"vdb", .bus = DISK_BUS_VIRTIO },
                .source = { .path = (char *)"/x" } };

        g_free(disks[0]->info.alias.name);
        disks[0]->info.alias.name = g_strdup("ua-mine");
        alias_assign(config);
        alias_assign(config);
        g_assert_cmpstr(disks[0]->info.alias.name, ==, "ua-mine");
        g_assert_cmpstr(disks[1]->info.alias.name, ==, "sata0-0-0");
        g_assert_cmpint(disks[0]->source.index.value, ==, 1);
        g_assert_cmpint(disks[1]->source.index.value, ==, 2);
        g_assert_false(disks[2]->source.index.set);
        g_assert_cmpstr(config->devices.consoles[0]->info.alias.name, ==, "serial0");
        alias_assign_disk(config, &late);
        node = alias_format_node(&late);
        g_assert_cmpstr(late.info.alias.name, ==, "virtio-disk1");
        g_assert_cmpstr(node, ==, "libvirt-3-format");
        g_free(late.info.alias.name);
}

/* The companions of a USB controller are one with it, in name too: a live configuration that has
 * them can be changed and checked again. */
static void test_alias_shared(void)
{
        g_autoptr(QemuBinary) binary = fixture();
        g_autofree char *xml = read_data("everything-pc", ".xml");
        g_autoptr(DomainConfig) config = load(xml, binary);
        g_autoptr(GError) error = NULL;
        unsigned n_usb = 0;

        alias_assign(config);
        for (size_t i = 0; i < config->devices.n_controllers; i++)
                n_usb += g_strcmp0(config->devices.controllers[i]->info.alias.name, "usb") == 0;
        g_assert_cmpuint(n_usb, >, 1);
        g_assert_cmpint(domain_config_validate(config, &error), ==, 0);
        g_assert_no_error(error);
}

int main(int argc, char **argv)
{
        static FiberTest real_tests[G_N_ELEMENTS(names) + G_N_ELEMENTS(deeds)];
        g_autofree char *remove = NULL;
        size_t n = 0;
        int r;

        g_test_init(&argc, &argv, NULL);
        /* Not the temporary directory: a file system in memory may not know what disks are opened
         * with. */
        scratch = g_strdup("/var/tmp/virtbus-command-XXXXXX");
        g_assert_nonnull(g_mkdtemp(scratch));

        g_test_add_func("/alias/disk-index", test_disk_index);
        g_test_add_func("/alias/assign", test_alias);
        g_test_add_func("/alias/shared", test_alias_shared);
        g_test_add_func("/command/missing-tap", test_missing_tap);
        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *path = g_strconcat("/command/golden/", names[i], NULL);

                g_test_add_data_func(path, names[i], test_golden);
                if (strcmp(names[i], "kvm") != 0)
                        real_tests[n++] = (FiberTest){ names[i], test_real, names[i] };
        }
        for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
                g_autofree char *path = g_strconcat("/command/refusal/", refusals[i].name, NULL);

                g_test_add_data_func(path, GUINT_TO_POINTER(i), test_refusal);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(deeds); i++)
                real_tests[n++] = (FiberTest){ deeds[i].name, test_deed, GUINT_TO_POINTER(i) };
        if (access(EMULATOR, X_OK) == 0)
                fiber_tests_add("/command/real", real_tests, n);
        r = g_test_run();
        remove = g_strdup_printf("rm -r '%s'", scratch);
        g_assert_true(g_spawn_command_line_sync(remove, NULL, NULL, NULL, NULL));
        g_free(scratch);
        return r;
}
