/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Taps: the ends of guests' network interfaces on the host.
 *
 * A tap that is made here is not persistent: it goes with its last descriptor, which is QEMU's, so
 * nothing is left behind however a guest or this service ends. Its MAC address is the guest's with
 * fe in front: as the highest of a bridge's ports it never becomes the bridge's own. */

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/qemu/command.h"
#include "drivers/qemu/domain.h"
#include "service/base/cleanup.h"
#include "service/base/file.h"

#define TUN_DEVICE "/dev/net/tun"
#define VHOST_DEVICE "/dev/vhost-net"
#define TAP_NAME "vnet%d" /* the kernel chooses the number */
#define HELPER_DEADLINE (10 * G_USEC_PER_SEC)
#define SCRIPT_DEADLINE (30 * G_USEC_PER_SEC)
#define OUTPUT_MAX 4096
#define HELPER_FD 3

/* What one tap is to be. The kernel may make one wait for its configuration of networks, so all of
 * it is done beside the loop, by a function that sees only this. */
typedef struct Tap {
        char name[IFNAMSIZ];   /* or the form of one */
        char bridge[IFNAMSIZ]; /* empty: none */
        unsigned char mac[6];
        bool has_mac;
        int mtu;       /* 0: that of the bridge */
        bool as_it_is; /* it is there already, and set up by somebody else */
        int fd;
        char problem[160]; /* what failed */
} Tap;

static int fail(Tap *tap, const char *format, ...) G_GNUC_PRINTF(2, 3);
static int fail(Tap *tap, const char *format, ...)
{
        int r = -errno;
        va_list arguments;

        va_start(arguments, format);
        g_vsnprintf(tap->problem, sizeof tap->problem, format, arguments);
        va_end(arguments);
        return r;
}

static struct ifreq request(const char *name)
{
        struct ifreq request_ = { 0 };

        g_strlcpy(request_.ifr_name, name, sizeof request_.ifr_name);
        return request_;
}

static int tap_make(Tap *tap)
{
        struct ifreq ifr = request(tap->name);

        tap->fd = open(TUN_DEVICE, O_RDWR | O_CLOEXEC);
        if (tap->fd < 0)
                return fail(tap, "Unable to open %s, is tun module loaded?", TUN_DEVICE);
        ifr.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
        if (ioctl(tap->fd, TUNSETIFF, &ifr) < 0)
                return fail(tap, "Unable to create tap device %s", tap->name);
        g_strlcpy(tap->name, ifr.ifr_name, sizeof tap->name);
        return 0;
}

static int tap_set_mtu(Tap *tap, int control)
{
        struct ifreq ifr = request(tap->bridge);

        if (tap->mtu > 0) {
                ifr.ifr_mtu = tap->mtu;
        } else {
                if (!tap->bridge[0])
                        return 0;
                if (ioctl(control, SIOCGIFMTU, &ifr) < 0)
                        return fail(tap, "Cannot get interface MTU on '%s'", tap->bridge);
        }
        g_strlcpy(ifr.ifr_name, tap->name, sizeof ifr.ifr_name);
        if (ioctl(control, SIOCSIFMTU, &ifr) < 0)
                return fail(tap, "Cannot set interface MTU on '%s'", tap->name);
        return 0;
}

static int tap_set_mac(Tap *tap, int control)
{
        struct ifreq ifr = request(tap->name);

        if (!tap->has_mac)
                return 0;
        ifr.ifr_hwaddr.sa_family = ARPHRD_ETHER;
        memcpy(ifr.ifr_hwaddr.sa_data, tap->mac, sizeof tap->mac);
        /* A guest's interface and its tap must differ; where the guest's begins with fe already,
         * the tap's gets another. */
        ifr.ifr_hwaddr.sa_data[0] = (char)(tap->mac[0] == 0xfe ? 0xfa : 0xfe);
        if (ioctl(control, SIOCSIFHWADDR, &ifr) < 0)
                return fail(tap, "Cannot set interface MAC on '%s'", tap->name);
        return 0;
}

static int tap_join(Tap *tap, int control)
{
        struct ifreq ifr = request(tap->bridge);

        if (!tap->bridge[0])
                return 0;
        ifr.ifr_ifindex = (int)if_nametoindex(tap->name);
        if (ifr.ifr_ifindex == 0 || ioctl(control, SIOCBRADDIF, &ifr) < 0)
                return fail(tap, "Unable to add bridge %s port %s", tap->bridge, tap->name);
        return 0;
}

static int tap_up(Tap *tap, int control)
{
        struct ifreq ifr = request(tap->name);

        if (ioctl(control, SIOCGIFFLAGS, &ifr) < 0)
                return fail(tap, "Cannot get interface flags on '%s'", tap->name);
        ifr.ifr_flags |= IFF_UP;
        if (ioctl(control, SIOCSIFFLAGS, &ifr) < 0)
                return fail(tap, "Cannot set interface flags on '%s'", tap->name);
        return 0;
}

static int tap_work(void *data)
{
        Tap *tap = data;
        _cleanup_fd_ int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        int r;

        if (control < 0)
                return fail(tap, "Cannot open a socket to set up tap devices");
        r = tap_make(tap);
        if (r < 0 || tap->as_it_is)
                return r;
        r = tap_set_mac(tap, control);
        if (r >= 0)
                r = tap_set_mtu(tap, control);
        if (r >= 0)
                r = tap_join(tap, control);
        return r < 0 ? r : tap_up(tap, control);
}

static void tap_prepare(Tap *tap, const InterfaceDevice *interface)
{
        const char *mac = interface->mac.address;

        *tap = (Tap){ .mtu = (int)number_or(interface->mtu.size, 0), .fd = -1 };
        tap->has_mac = mac &&
                sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &tap->mac[0], &tap->mac[1],
                        &tap->mac[2], &tap->mac[3], &tap->mac[4], &tap->mac[5]) == 6;
}

/* A name goes into the kernel whole or not at all. */
static int copy_name(char to[static IFNAMSIZ], const char *name, GError **error)
{
        if (g_strlcpy(to, name, IFNAMSIZ) >= IFNAMSIZ)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "the name of network device '%s' is longer than %d characters", name,
                        IFNAMSIZ - 1);
        return 0;
}

/* Makes it. On failure nothing is left. */
static int tap_run(Tap *tap, InterfaceDevice *interface, int *ret, GError **error)
{
        int r = offload("a tap device", tap_work, tap);

        if (r < 0) {
                tap->fd = fd_close(tap->fd);
                return error_set_errno(error, r, "%s",
                        tap->problem[0] ? tap->problem : "Cannot make a tap device");
        }
        g_free(interface->target.dev);
        interface->target.dev = g_strdup(tap->name);
        *ret = tap->fd;
        return 0;
}

/* Bridges, by those who may not make taps: QEMU's helper makes one and sends it. */

static const char *find_helper(void)
{
        static const char *const paths[] = { "/usr/lib/qemu/qemu-bridge-helper",
                "/usr/libexec/qemu-bridge-helper", "/usr/libexec/qemu/qemu-bridge-helper" };

        for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
                if (access(paths[i], X_OK) == 0)
                        return paths[i];
        return NULL;
}

/* The descriptor that was sent on a socket, or -errno. */
static int receive_fd(int socket_)
{
        char byte;
        struct iovec iov = { &byte, 1 };
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = { 0 };
        struct msghdr message = { .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof control.space };
        struct cmsghdr *header;
        int fd = -1;

        if (recvmsg(socket_, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
                return -errno;
        header = CMSG_FIRSTHDR(&message);
        if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
                header->cmsg_len == CMSG_LEN(sizeof(int)))
                memcpy(&fd, CMSG_DATA(header), sizeof fd);
        return fd < 0 ? -EBADMSG : fd;
}

static int open_by_helper(InterfaceDevice *interface, int *ret, GError **error)
{
        const char *helper = find_helper(), *bridge = interface->source.bridge;
        g_autofree char *option = g_strdup_printf("--br=%s", bridge), *status = NULL;
        g_autofree char *number_option = g_strdup_printf("--fd=%d", HELPER_FD);
        const char *const argv[] = { helper, "--use-vnet", option, number_option, NULL };
        g_autoptr(GString) err = g_string_new(NULL);
        _cleanup_fd_ int ours = -1, theirs = -1, tap = -1;
        struct ifreq ifr = { 0 };
        int pair[2], r;

        if (!helper)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "bridge '%s' cannot be used: only root can add a port, and "
                        "qemu-bridge-helper is not installed",
                        bridge);
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set_errno(error, errno, "failed to create socket");
        ours = pair[0];
        theirs = pair[1];
        r = child_run(&(ChildSpec){ .argv = argv,
                              .fds = &(ChildFd){ .fd = theirs, .number = HELPER_FD },
                              .n_fds = 1,
                              .uid = (uid_t)-1,
                              .gid = (gid_t)-1 },
                fiber_deadline(HELPER_DEADLINE), OUTPUT_MAX, NULL, err);
        g_strstrip(err->str);
        if (r > 0)
                status = child_status_string(r);
        if (r != 0)
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "%s: failed to communicate with bridge helper: %s", helper,
                        r < 0               ? g_strerror(-r) :
                                err->str[0] ? err->str :
                                              status);
        tap = receive_fd(ours);
        if (tap < 0)
                return error_set(error, ERROR_INTERNAL_ERROR,
                        "%s: failed to communicate with bridge helper: %s", helper,
                        g_strerror(-tap));
        if (ioctl(tap, TUNGETIFF, &ifr) < 0)
                return error_set_errno(error, errno, "Unable to query tap interface name");
        g_free(interface->target.dev);
        interface->target.dev = g_strndup(ifr.ifr_name, IFNAMSIZ);
        *ret = fd_steal(&tap);
        return 0;
}

static int open_bridge(InterfaceDevice *interface, int *ret, GError **error)
{
        const char *dev = interface->target.dev;
        Tap tap;

        if (!interface->source.bridge)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "an interface of type 'bridge' has no <source bridge=''>");
        if (geteuid() != 0)
                return open_by_helper(interface, ret, error);
        tap_prepare(&tap, interface);
        if (copy_name(tap.name, dev ? dev : TAP_NAME, error) < 0 ||
                copy_name(tap.bridge, interface->source.bridge, error) < 0)
                return -1;
        return tap_run(&tap, interface, ret, error);
}

/* <interface type='ethernet'>: a tap and no more; what it is connected to is the script's or the
 * administrator's. */

static int run_script(const char *script, const char *name, GError **error)
{
        const char *const argv[] = { script, name, NULL };
        g_autoptr(GString) err = g_string_new(NULL);
        g_autofree char *status = NULL;
        int r;

        if (script[0] != '/')
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "the script '%s' of network device '%s' is not an absolute path", script,
                        name);
        r = child_run(&(ChildSpec){ .argv = argv, .uid = (uid_t)-1, .gid = (gid_t)-1 },
                fiber_deadline(SCRIPT_DEADLINE), OUTPUT_MAX, NULL, err);
        if (r == 0)
                return 0;
        if (r < 0)
                return error_set_errno(
                        error, r, "the script '%s' of network device '%s' failed", script, name);
        status = child_status_string(r);
        g_strstrip(err->str);
        return error_set(error, ERROR_INTERNAL_ERROR,
                "the script '%s' of network device '%s' failed: %s%s%s", script, name, status,
                err->str[0] ? ": " : "", err->str);
}

static int open_ethernet(InterfaceDevice *interface, int *ret, GError **error)
{
        const char *dev = interface->target.dev;
        bool managed = interface->target.managed != SWITCH_OFF;
        _cleanup_fd_ int fd = -1;
        Tap tap;

        if (!managed && !dev)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "target dev must be supplied when managed='no'");
        if (!managed && if_nametoindex(dev) == 0)
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "target managed='no' but specified dev '%s' doesn't exist", dev);
        tap_prepare(&tap, interface);
        tap.as_it_is = !managed;
        if (copy_name(tap.name, dev ? dev : TAP_NAME, error) < 0 ||
                tap_run(&tap, interface, &fd, error) < 0)
                return -1;
        if (interface->script.path &&
                run_script(interface->script.path, interface->target.dev, error) < 0)
                return -1;
        *ret = fd_steal(&fd);
        return 0;
}

int qemu_tap_open(QemuConnection *connection, InterfaceDevice *interface, int *ret, GError **error)
{
        (void)connection;
        switch (interface->type) {
        case INTERFACE_BRIDGE:
                return open_bridge(interface, ret, error);
        case INTERFACE_ETHERNET:
                return open_ethernet(interface, ret, error);
        default:
                return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                        "an interface of type '%s' has no tap device",
                        enum_name(&interface_type_names, interface->type));
        }
}

int qemu_vhost_open(
        const DomainConfig *config, const InterfaceDevice *interface, int *ret, GError **error)
{
        bool wanted = interface->driver.name == INTERFACE_DRIVER_VHOST;
        const char *model = interface->model.type;

        *ret = -1;
        if (!model || !g_str_has_prefix(model, "virtio")) {
                if (wanted)
                        return error_set(error, ERROR_CONFIG_UNSUPPORTED,
                                "vhost-net is only supported for virtio network interfaces");
                return 0;
        }
        if (interface->driver.name == INTERFACE_DRIVER_QEMU ||
                (!wanted && qemu_accel_of(config) != QEMU_ACCEL_KVM))
                return 0;
        *ret = open(VHOST_DEVICE, O_RDWR | O_CLOEXEC);
        if (*ret < 0 && wanted)
                return error_set_errno(error, errno,
                        "vhost-net was requested for an interface, but is unavailable");
        return 0;
}
