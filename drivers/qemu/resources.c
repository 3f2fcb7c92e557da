/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/qemu/resources.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "drivers/qemu/firmware.h"
#include "service/base/cleanup.h"
#include "service/base/file.h"

#define NVRAM_MAX (64 * 1024 * 1024)
#define VNC_PORT_MIN 5900
#define VNC_PORT_MAX 65535

void qemu_resources_add(
        QemuResources *resources, QemuDescriptorRole role, const void *device, int fd)
{
        resources->descriptors =
                g_renew(QemuDescriptor, resources->descriptors, resources->n_descriptors + 1);
        resources->descriptors[resources->n_descriptors++] =
                (QemuDescriptor){ .role = role, .device = device, .fd = fd };
}

QemuResources *qemu_resources_free(QemuResources *resources)
{
        if (!resources)
                return NULL;
        for (size_t i = 0; i < resources->n_descriptors; i++)
                fd_close(resources->descriptors[i].fd);
        g_free(resources->descriptors);
        g_free(resources);
        return NULL;
}

static int open_storage(const char *path, int flags, GError **error)
{
        int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

        if (fd < 0)
                return error_set_errno(error, errno, "Cannot access storage file '%s'", path);
        /* Not to wait for a FIFO, which is no image; QEMU sets what it needs. */
        fcntl(fd, F_SETFL, flags);
        return fd;
}

/* Firmware. */

char *qemu_nvram_path(const QemuConnection *connection, const DomainConfig *config)
{
        g_autofree char *directory = NULL;

        if (config->os.nvram.path)
                return g_strdup(config->os.nvram.path);
        directory = g_build_filename(connection->state, "nvram", NULL);
        return qemu_path(directory, config->name, "_VARS.fd");
}

static int make_nvram(
        const QemuConnection *connection, DomainConfig *config, bool reset, GError **error)
{
        g_autofree char *path = qemu_nvram_path(connection, config),
                        *directory = g_path_get_dirname(path);
        g_autofree char *bytes = NULL;
        size_t size;
        int r;

        if (!config->os.nvram.path)
                config->os.nvram.path = g_strdup(path);
        if (!reset && access(path, F_OK) == 0)
                return 0;
        if (!config->os.nvram.template)
                return error_set(error, ERROR_OPERATION_FAILED,
                        "there is no template for the NVRAM '%s'", path);
        r = file_read(config->os.nvram.template, NVRAM_MAX, &bytes, &size);
        if (r < 0)
                return error_set_errno(
                        error, r, "cannot read the NVRAM template '%s'", config->os.nvram.template);
        r = directory_make(directory, 0700);
        if (r >= 0)
                r = file_replace(path, bytes, size, 0600);
        return r < 0 ? error_set_errno(error, r, "cannot create the NVRAM '%s'", path) : 0;
}

static int open_firmware(
        QemuDomain *domain, bool reset_nvram, QemuResources *resources, GError **error)
{
        DomainConfig *config = domain->local.live;
        int fd;

        if (firmware_fill(NULL, config, error) < 0)
                return -1;
        if (!config->os.loader.path || config->os.loader.type != LOADER_PFLASH)
                return 0;
        fd = open_storage(config->os.loader.path, O_RDONLY, error);
        if (fd < 0)
                return -1;
        qemu_resources_add(resources, QEMU_FD_CODE, NULL, fd);
        if (!config->os.nvram.path && !config->os.nvram.template)
                return 0;
        if (make_nvram(qemu_connection(domain), config, reset_nvram, error) < 0)
                return -1;
        fd = open_storage(config->os.nvram.path, O_RDWR, error);
        if (fd < 0)
                return -1;
        qemu_resources_add(resources, QEMU_FD_NVRAM, NULL, fd);
        return 0;
}

/* Disks. */

static bool disk_is_read_only(const Disk *disk)
{
        return disk->readonly || disk->device == DISK_DEVICE_CDROM;
}

static int open_disk(Disk *disk, QemuResources *resources, GError **error)
{
        int fd;

        if ((disk->type != DISK_FILE && disk->type != DISK_BLOCK) || !disk->source.path)
                return 0;
        if (disk->source.startup_policy == STARTUP_OPTIONAL &&
                access(disk->source.path, F_OK) < 0) {
                /* Then the drive is empty, as the policy says. */
                g_clear_pointer(&disk->source.path, g_free);
                return 0;
        }
        /* QEMU opens it for reading first, and for writing where it needs to. */
        fd = open_storage(disk->source.path, O_RDONLY, error);
        if (fd < 0)
                return -1;
        qemu_resources_add(resources, QEMU_FD_DISK, disk, fd);
        if (disk_is_read_only(disk))
                return 0;
        fd = open_storage(disk->source.path, O_RDWR, error);
        if (fd < 0)
                return -1;
        qemu_resources_add(resources, QEMU_FD_DISK, disk, fd);
        return 0;
}

/* Character devices. */

static int listen_at(const char *path, GError **error)
{
        _cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        if (strlen(path) >= sizeof address.sun_path)
                return error_set(
                        error, ERROR_INTERNAL_ERROR, "UNIX socket path '%s' too long", path);
        g_strlcpy(address.sun_path, path, sizeof address.sun_path);
        /* One that a guest left behind; anything else stays where it is. */
        if (g_file_test(path, G_FILE_TEST_EXISTS)) {
                struct stat status;

                if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
                        unlink(path);
        }
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
                listen(fd, 1) < 0)
                return error_set_errno(error, errno, "cannot listen at '%s'", path);
        return fd_steal(&fd);
}

static int open_chardev(Chardev *chardev, QemuResources *resources, GError **error)
{
        int fd;

        if (chardev->type == CHARDEV_UNIX && chardev->unix_.mode != CHARDEV_MODE_CONNECT &&
                chardev->unix_.path) {
                fd = listen_at(chardev->unix_.path, error);
                if (fd < 0)
                        return -1;
                qemu_resources_add(resources, QEMU_FD_CHARDEV, chardev, fd);
        }
        if (chardev->type == CHARDEV_FILE && chardev->path.path) {
                fd = open(chardev->path.path,
                        O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY |
                                (chardev->path.append == SWITCH_ON ? O_APPEND : O_TRUNC),
                        0600);
                if (fd < 0)
                        return error_set_errno(
                                error, errno, "cannot open '%s'", chardev->path.path);
                qemu_resources_add(resources, QEMU_FD_CHARDEV, chardev, fd);
        }
        if (chardev->log.file) {
                fd = open(chardev->log.file,
                        O_WRONLY | O_CREAT | O_CLOEXEC |
                                (chardev->log.append == SWITCH_ON ? O_APPEND : O_TRUNC),
                        0600);
                if (fd < 0)
                        return error_set_errno(error, errno, "cannot open '%s'", chardev->log.file);
                qemu_resources_add(resources, QEMU_FD_CHARDEV_LOG, chardev, fd);
        }
        return 0;
}

static int open_chardevs(Chardev **chardevs, size_t n, QemuResources *resources, GError **error)
{
        for (size_t i = 0; i < n; i++)
                if (open_chardev(chardevs[i], resources, error) < 0)
                        return -1;
        return 0;
}

/* Ports of VNC. One that is free now may be taken before QEMU has it; then QEMU says so. */

static bool port_is_free(const char *address, int port)
{
        union {
                struct sockaddr any;
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
        } place = { .v4 = { .sin_family = AF_INET, .sin_port = htons(port) } };
        _cleanup_fd_ int fd = -1;
        const int one = 1;

        if (inet_pton(AF_INET, address, &place.v4.sin_addr) != 1) {
                place.v6 =
                        (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port) };
                /* A name is for QEMU to look up. */
                if (inet_pton(AF_INET6, address, &place.v6.sin6_addr) != 1)
                        return true;
        }
        fd = socket(place.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return true;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        return bind(fd, &place.any, sizeof place) == 0 && listen(fd, 1) == 0;
}

/* Those of the guests that are being started, which do not listen yet. */
static bool port_is_promised(const QemuDomain *self, int port)
{
        GHashTableIter iter;
        void *domain;

        g_hash_table_iter_init(&iter,
                registry_all(&qemu_connection(self)->local.connection.registry, DOMAIN_BY_UUID));
        while (g_hash_table_iter_next(&iter, NULL, &domain)) {
                const DomainConfig *live = qemu_domain(domain)->local.live;

                for (size_t i = 0; live && i < live->devices.n_graphics; i++)
                        if (number_or(live->devices.graphics[i]->vnc.port, -1) == port ||
                                number_or(live->devices.graphics[i]->vnc.websocket, -1) == port)
                                return true;
        }
        return false;
}

static int choose_port(
        const QemuDomain *domain, const char *address, int first, Number *ret, GError **error)
{
        for (int port = first; port <= VNC_PORT_MAX; port++)
                if (!port_is_promised(domain, port) && port_is_free(address, port)) {
                        *ret = number(port);
                        return 0;
                }
        return error_set(error, ERROR_INTERNAL_ERROR,
                "Unable to find an unused port in range 'VNC' (%d-%d)", first, VNC_PORT_MAX);
}

static int choose_ports(QemuDomain *domain, Graphics *graphics, GError **error)
{
        VncGraphics *vnc = &graphics->vnc;
        const char *address = "127.0.0.1";

        if (graphics->type != GRAPHICS_VNC || vnc->socket)
                return 0;
        if (graphics->n_listens > 0 && graphics->listens[0]->type != LISTEN_ADDRESS &&
                graphics->listens[0]->type != LISTEN_ABSENT)
                return 0;
        if (graphics->n_listens > 0 && graphics->listens[0]->address)
                address = graphics->listens[0]->address;
        else if (vnc->listen)
                address = vnc->listen;
        if ((vnc->autoport == SWITCH_ON || number_or(vnc->port, -1) < 0) &&
                choose_port(domain, address, VNC_PORT_MIN, &vnc->port, error) < 0)
                return -1;
        if (vnc->websocket.set && vnc->websocket.value == -1 &&
                choose_port(domain, address, 5700, &vnc->websocket, error) < 0)
                return -1;
        return 0;
}

/* Networks. */

static int open_interface(
        QemuDomain *domain, InterfaceDevice *interface, QemuResources *resources, GError **error)
{
        int fd;

        if (interface->type != INTERFACE_BRIDGE && interface->type != INTERFACE_ETHERNET)
                return 0;
        if (qemu_tap_open(qemu_connection(domain), interface, &fd, error) < 0)
                return -1;
        qemu_resources_add(resources, QEMU_FD_TAP, interface, fd);
        if (qemu_vhost_open(domain->local.live, interface, &fd, error) < 0)
                return -1;
        if (fd >= 0)
                qemu_resources_add(resources, QEMU_FD_VHOST, interface, fd);
        return 0;
}

int qemu_resources_open(QemuDomain *domain, bool reset_nvram, QemuResources **ret, GError **error)
{
        g_autoptr(QemuResources) resources = g_new0(QemuResources, 1);
        const Devices *devices = &domain->local.live->devices;

        if (open_firmware(domain, reset_nvram, resources, error) < 0)
                return -1;
        for (size_t i = 0; i < devices->n_disks; i++)
                if (open_disk(devices->disks[i], resources, error) < 0)
                        return -1;
        for (size_t i = 0; i < devices->n_interfaces; i++)
                if (open_interface(domain, devices->interfaces[i], resources, error) < 0)
                        return -1;
        for (size_t i = 0; i < devices->n_graphics; i++)
                if (choose_ports(domain, devices->graphics[i], error) < 0)
                        return -1;
        if (open_chardevs(devices->serials, devices->n_serials, resources, error) < 0 ||
                open_chardevs(devices->parallels, devices->n_parallels, resources, error) < 0 ||
                open_chardevs(devices->channels, devices->n_channels, resources, error) < 0)
                return -1;
        /* The first console of a guest with serial ports is one of them. */
        if (open_chardevs(devices->consoles + (devices->n_serials > 0 && devices->n_consoles > 0),
                    devices->n_consoles - (devices->n_serials > 0 && devices->n_consoles > 0),
                    resources, error) < 0)
                return -1;
        *ret = g_steal_pointer(&resources);
        return 0;
}
