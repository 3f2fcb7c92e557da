/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Interfaces, character devices and displays: what connects a guest with the world around it. */

#include <string.h>

#include "drivers/qemu/builder.h"

/* Interfaces. */

static json_t *interface_device(const InterfaceDevice *interface, unsigned n_queues)
{
        static const struct {
                const char *model;
                VirtioModel virtio;
        } models[] = { { "virtio", VIRTIO_PLAIN }, { "virtio-transitional", VIRTIO_TRANSITIONAL },
                { "virtio-non-transitional", VIRTIO_NON_TRANSITIONAL } };
        const char *model = interface->model.type ? interface->model.type : "rtl8139";
        const InterfaceDriver *driver = &interface->driver;
        json_t *device;

        for (size_t i = 0; i < G_N_ELEMENTS(models); i++) {
                g_autofree char *type = NULL;

                if (strcmp(model, models[i].model) != 0)
                        continue;
                type = builder_virtio("virtio-net", models[i].virtio);
                device = builder_device(type);
                if (driver->txmode)
                        json_set_text(device, "tx",
                                strcmp(driver->txmode, "iothread") == 0 ? "bh" : "timer");
                json_set_bool(device, "ioeventfd", driver->ioeventfd);
                json_set_bool(device, "event_idx", driver->event_idx);
                if (n_queues > 1) {
                        json_object_set_new(device, "mq", json_true());
                        /* One for each direction of each queue, one for configuration, one for
                         * control. */
                        json_object_set_new(device, "vectors", json_integer(2 * n_queues + 2));
                }
                json_set_number(device, "rx_queue_size", driver->rx_queue_size);
                json_set_number(device, "tx_queue_size", driver->tx_queue_size);
                json_set_number(device, "host_mtu", interface->mtu.size);
                json_set_virtio(device, &driver->virtio);
                return device;
        }
        return builder_device(model);
}

/* A number for each queue: ",fd=3" or ",fds=3:4". */
static unsigned append_fds(Builder *builder, GString *text, const InterfaceDevice *interface,
        QemuDescriptorRole role, const char *name)
{
        g_autoptr(GString) list = g_string_new(NULL);
        unsigned n = 0;
        int fd;

        while ((fd = builder_fd(builder, role, interface, n)) >= 0) {
                g_string_append_printf(list, "%s%d", n > 0 ? ":" : "", fd);
                n++;
        }
        if (n > 0)
                g_string_append_printf(text, ",%s%s=%s", name, n > 1 ? "s" : "", list->str);
        return n;
}

static int add_interface(Builder *builder, const InterfaceDevice *interface, GError **error)
{
        const char *alias = interface->info.alias.name;
        g_autoptr(GString) text = g_string_new(NULL);
        unsigned n_queues = 1;
        json_t *device;

        if (interface->type == INTERFACE_USER) {
                g_string_append_printf(text, "user,id=host%s", alias);
        } else {
                g_string_append_printf(text, "tap,id=host%s", alias);
                n_queues = append_fds(builder, text, interface, QEMU_FD_TAP, "fd");
                if (n_queues == 0)
                        return error_set(error, ERROR_INTERNAL_ERROR,
                                "interface '%s' of guest '%s' has no tap device", alias,
                                builder->config->name);
                if (append_fds(builder, text, interface, QEMU_FD_VHOST, "vhostfd") > 0)
                        g_string_append(text, ",vhost=on");
        }
        builder_add(builder, "-netdev", "%s", text->str);

        device = interface_device(interface, n_queues);
        json_object_set_new(device, "netdev", json_sprintf("host%s", alias));
        json_set_text(device, "mac", interface->mac.address);
        builder_place(builder, device, &interface->info, interface);
        builder_add_json(builder, "-device", device);
        return 0;
}

int command_add_interfaces(Builder *builder, GError **error)
{
        for (size_t i = 0; i < builder->config->devices.n_interfaces; i++)
                if (add_interface(builder, builder->config->devices.interfaces[i], error) < 0)
                        return -1;
        return 0;
}

/* Character devices. */

static const char *server_of(ChardevMode mode)
{
        return mode == CHARDEV_MODE_BIND ? ",server=on,wait=off" : "";
}

static const char *append_of(Switch append)
{
        return append == SWITCH_ABSENT ? "" : append == SWITCH_ON ? ",append=on" : ",append=off";
}

static void add_unix(Builder *builder, GString *text, const Chardev *chardev)
{
        int fd = builder_fd(builder, QEMU_FD_CHARDEV, chardev, 0);
        g_autofree char *path = builder_escape(chardev->unix_.path ? chardev->unix_.path : "");

        if (fd >= 0)
                g_string_append_printf(text, ",fd=%d", fd);
        else
                g_string_append_printf(text, ",path=%s", path);
        g_string_append(text, server_of(chardev->unix_.mode));
}

static void add_tcp(GString *text, const Chardev *chardev)
{
        g_autofree char *host =
                builder_escape(chardev->tcp.source.host ? chardev->tcp.source.host : "");
        g_autofree char *service =
                builder_escape(chardev->tcp.source.service ? chardev->tcp.source.service : "0");

        g_string_append_printf(text, ",host=%s,port=%s", host, service);
        if (chardev->tcp.protocol.type == PROTOCOL_TELNET)
                g_string_append(text, ",telnet=on");
        g_string_append(text, server_of(chardev->tcp.source.mode));
}

/* The host's end. */
static void add_backend(Builder *builder, const Chardev *chardev)
{
        static const char *const drivers[CHARDEV_MAX] = { [CHARDEV_NULL] = "null",
                [CHARDEV_PTY] = "pty",
                [CHARDEV_DEV] = "serial",
                [CHARDEV_FILE] = "file",
                [CHARDEV_PIPE] = "pipe",
                [CHARDEV_TCP] = "socket",
                [CHARDEV_UNIX] = "socket" };
        g_autoptr(GString) text = g_string_new(drivers[chardev->type]);
        g_autofree char *path = NULL, *escaped = NULL;

        g_string_append_printf(text, ",id=char%s", chardev->info.alias.name);
        switch (chardev->type) {
        case CHARDEV_FILE:
                path = builder_path(builder, QEMU_FD_CHARDEV, chardev, chardev->path.path);
                escaped = builder_escape(path);
                g_string_append_printf(
                        text, ",path=%s%s", escaped, append_of(chardev->path.append));
                break;
        case CHARDEV_DEV:
        case CHARDEV_PIPE:
                escaped = builder_escape(chardev->path.path);
                g_string_append_printf(text, ",path=%s", escaped);
                break;
        case CHARDEV_UNIX:
                add_unix(builder, text, chardev);
                break;
        case CHARDEV_TCP:
                add_tcp(text, chardev);
                break;
        default:
                break;
        }
        if (chardev->log.file) {
                g_autofree char *log =
                        builder_path(builder, QEMU_FD_CHARDEV_LOG, chardev, chardev->log.file);
                g_autofree char *log_escaped = builder_escape(log);

                g_string_append_printf(text, ",logfile=%s%s", log_escaped,
                        chardev->log.append == SWITCH_OFF ? ",logappend=off" : ",logappend=on");
        }
        builder_add(builder, "-chardev", "%s", text->str);
}

static void add_chardev(Builder *builder, const Chardev *chardev, json_t *device)
{
        add_backend(builder, chardev);
        json_object_set_new(device, "chardev", json_sprintf("char%s", chardev->info.alias.name));
        builder_place(builder, device, &chardev->info, NULL);
        builder_add_json(builder, "-device", device);
}

static json_t *serial_device(const Chardev *serial, size_t i)
{
        json_t *device;

        switch (serial->target.type) {
        case TARGET_USB_SERIAL:
                return builder_device("usb-serial");
        case TARGET_PCI_SERIAL:
                return builder_device("pci-serial");
        case TARGET_ISA_DEBUG:
                return builder_device("isa-debugcon");
        default:
                device = builder_device("isa-serial");
                json_object_set_new(
                        device, "index", json_integer(number_or(serial->target.port, (int64_t)i)));
                return device;
        }
}

void command_add_chardevs(Builder *builder)
{
        const Devices *devices = &builder->config->devices;

        for (size_t i = 0; i < devices->n_serials; i++)
                add_chardev(builder, devices->serials[i], serial_device(devices->serials[i], i));
        for (size_t i = 0; i < devices->n_parallels; i++) {
                json_t *device = builder_device("isa-parallel");

                json_object_set_new(device, "index",
                        json_integer(number_or(devices->parallels[i]->target.port, (int64_t)i)));
                add_chardev(builder, devices->parallels[i], device);
        }
        for (size_t i = 0; i < devices->n_channels; i++) {
                const Chardev *channel = devices->channels[i];
                json_t *device = builder_device("virtserialport");

                json_set_text(device, "name", channel->target.name);
                add_chardev(builder, channel, device);
        }
        for (size_t i = 0; i < devices->n_consoles; i++)
                /* Others are serial ports, seen again. */
                if (devices->consoles[i]->target.type == TARGET_VIRTIO)
                        add_chardev(builder, devices->consoles[i], builder_device("virtconsole"));
}

/* Displays. */

/* Where a VNC server listens, in the form of -vnc. */
static char *vnc_display(const Graphics *graphics)
{
        const VncGraphics *vnc = &graphics->vnc;
        const GraphicsListen *listen = graphics->n_listens > 0 ? graphics->listens[0] : NULL;
        const char *socket = listen && listen->type == LISTEN_SOCKET ? listen->socket : vnc->socket;
        const char *address = listen && listen->address ? listen->address : vnc->listen;

        if (listen && listen->type == LISTEN_NONE)
                return g_strdup("none");
        if (socket) {
                g_autofree char *escaped = builder_escape(socket);

                return g_strdup_printf("unix:%s", escaped);
        }
        if (!address)
                address = "127.0.0.1";
        return g_strdup_printf(strchr(address, ':') ? "[%s]:%d" : "%s:%d", address,
                (int)(number_or(vnc->port, 5900) - 5900));
}

static void add_vnc(Builder *builder, const Graphics *graphics)
{
        static const char *const shares[VNC_SHARE_MAX] = {
                [VNC_SHARE_ALLOW_EXCLUSIVE] = "allow-exclusive",
                [VNC_SHARE_FORCE_SHARED] = "force-shared",
                [VNC_SHARE_IGNORE] = "ignore",
        };
        const VncGraphics *vnc = &graphics->vnc;
        g_autofree char *display = vnc_display(graphics);
        g_autoptr(GString) text = g_string_new(display);

        if (vnc->websocket.set && vnc->websocket.value > 0)
                g_string_append_printf(text, ",websocket=%d", (int)vnc->websocket.value);
        if (graphics->passwd)
                g_string_append(text, ",password=on");
        if (vnc->power_control != SWITCH_ABSENT)
                g_string_append_printf(
                        text, ",power-control=%s", vnc->power_control == SWITCH_ON ? "on" : "off");
        if (vnc->share_policy != VNC_SHARE_ABSENT)
                g_string_append_printf(text, ",share=%s", shares[vnc->share_policy]);
        if (builder->audio)
                g_string_append(text, ",audiodev=audio1");
        if (vnc->keymap)
                builder_add(builder, "-k", "%s", vnc->keymap);
        builder_add(builder, "-vnc", "%s", text->str);
}

void command_add_graphics(Builder *builder)
{
        const Devices *devices = &builder->config->devices;

        if (devices->n_sounds > 0) {
                builder_add_json(builder, "-audiodev",
                        json_pack("{s:s,s:s}", "id", "audio1", "driver", "none"));
                builder->audio = true;
        }
        for (size_t i = 0; i < devices->n_graphics; i++)
                if (devices->graphics[i]->type == GRAPHICS_VNC)
                        add_vnc(builder, devices->graphics[i]);
}
