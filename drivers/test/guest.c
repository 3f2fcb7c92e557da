/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is asked of the guest itself: it has no life, so the answers are made up. */

#include <signal.h>
#include <string.h>

#include "drivers/test/test.h"

static const char *const mount_points[TEST_FILESYSTEMS] = { "/", "/boot" };

/* Signals as the bus counts them: up to 31 as POSIX does, then the first 33 real time ones. */
#define MAX_SIGNAL 64

/* Linux' input event codes. */
#define MAX_LINUX_KEY 0x2ff
#define MAX_KEYS 16

TEST_GUEST(get_hostname, GetHostname)
{
        enum {
                HOSTNAME_LEASE = 1 << 0,
        };

        if (test_flags(in->flags, HOSTNAME_LEASE, "testDomainGetHostname", error) < 0 ||
                domain_require_active(domain, error) < 0)
                return -1;
        out->hostname = g_strconcat(domain->properties.name, "host", NULL);
        return 0;
}

TEST_GUEST(get_time, GetTime)
{
        (void)in;
        if (domain_require_active(domain, error) < 0)
                return -1;
        out->time.seconds = test_of(domain)->seconds;
        out->time.nseconds = test_of(domain)->nseconds;
        return 0;
}

TEST_GUEST(set_time, SetTime)
{
        (void)out;
        if (domain_require_active(domain, error) < 0)
                return -1;
        test_of(domain)->seconds = in->seconds;
        test_of(domain)->nseconds = in->nseconds;
        return 0;
}

/* Filesystems. */

static int find_mount_point(const char *path, GError **error)
{
        for (int i = 0; i < TEST_FILESYSTEMS; i++)
                if (strcmp(path, mount_points[i]) == 0)
                        return i;
        return error_set(error, ERROR_OPERATION_INVALID, "mount point not found: %s", path);
}

/* Those that are named, or all; counts the ones that change. */
static int set_frozen(Domain *domain, const char *const *paths, size_t n, bool frozen,
        uint32_t *ret_changed, GError **error)
{
        bool wanted[TEST_FILESYSTEMS] = { n == 0, n == 0 };
        TestDomain *self = test_of(domain);

        if (domain_require_active(domain, error) < 0)
                return -1;
        for (size_t i = 0; i < n; i++) {
                int found = find_mount_point(paths[i], error);

                if (found < 0)
                        return -1;
                wanted[found] = true;
        }
        for (unsigned i = 0; i < TEST_FILESYSTEMS; i++)
                if (wanted[i] && self->frozen[i] != frozen) {
                        self->frozen[i] = frozen;
                        ++*ret_changed;
                }
        return 0;
}

TEST_GUEST(fs_freeze, FSFreeze)
{
        return set_frozen(domain, in->mountpoints.items, in->mountpoints.n, true,
                &out->frozen_filesystems, error);
}

TEST_GUEST(fs_thaw, FSThaw)
{
        return set_frozen(domain, in->mountpoints.items, in->mountpoints.n, false,
                &out->thawed_filesystems, error);
}

TEST_GUEST(fs_trim, FSTrim)
{
        (void)out;
        if (domain_require_active(domain, error) < 0)
                return -1;
        return in->mountpoint[0] && find_mount_point(in->mountpoint, error) < 0 ? -1 : 0;
}

/* The first disk has them, in partitions. */
TEST_GUEST(get_fs_info, GetFSInfo)
{
        const Disk *disk = NULL;

        (void)in;
        if (domain_require_active(domain, error) < 0)
                return -1;
        for (size_t i = 0; !disk && i < test_local(domain)->live->devices.n_disks; i++)
                if (test_local(domain)->live->devices.disks[i]->device == DISK_DEVICE_DISK)
                        disk = test_local(domain)->live->devices.disks[i];
        if (!disk)
                return 0;
        out->fs_info.n = TEST_FILESYSTEMS;
        out->fs_info.items = g_new0(DomainGetFSInfoFsInfo, TEST_FILESYSTEMS);
        for (unsigned i = 0; i < TEST_FILESYSTEMS; i++) {
                DomainGetFSInfoFsInfo *info = &out->fs_info.items[i];

                info->mountpoint = g_strdup(mount_points[i]);
                info->name = g_strdup_printf("%s%u", disk->target.dev, i + 1);
                info->fstype = g_strdup("ext4");
                info->devAlias.n = 1;
                info->devAlias.items = g_new0(char *, 1);
                info->devAlias.items[0] = g_strdup(disk->target.dev);
        }
        return 0;
}

/* Keys, signals, passwords: they are taken, and nothing comes of it. */

TEST_GUEST(send_key, SendKey)
{
        enum {
                CODESET_LINUX = 0,
        };

        (void)out;
        if (in->keycodes.n == 0)
                return error_set_argument(
                        error, "keycodes in %s must not be NULL", "virDomainSendKey");
        if (in->keycodes.n > MAX_KEYS)
                return error_set_argument(error, "nkeycodes in %s must be less than or equal to %d",
                        "virDomainSendKey", MAX_KEYS);
        for (size_t i = 0; in->codeset == CODESET_LINUX && i < in->keycodes.n; i++)
                if (in->keycodes.items[i] > MAX_LINUX_KEY)
                        return error_set(error, ERROR_INTERNAL_ERROR,
                                "invalid keycode %u of %s codeset", in->keycodes.items[i], "linux");
        return domain_require_active(domain, error);
}

TEST_GUEST(send_process_signal, SendProcessSignal)
{
        (void)domain, (void)out;
        if (in->pid_value == 0)
                return error_set_argument(
                        error, "pid_value in %s must not be zero", "virDomainSendProcessSignal");
        if (in->pid_value != 1)
                return error_set(
                        error, ERROR_INVALID_ARG, "only sending a signal to pid 1 is supported");
        if (in->sig_num > MAX_SIGNAL)
                return error_set(
                        error, ERROR_INVALID_ARG, "signum value %u is out of range", in->sig_num);
        return 0;
}

TEST_GUEST(set_user_password, SetUserPassword)
{
        (void)in, (void)out;
        return domain_require_active(domain, error);
}

TEST_GUEST(inject_nmi, InjectNMI)
{
        (void)in, (void)out;
        return domain_require_active(domain, error);
}

/* What the hypervisor would know. */

TEST_GUEST(get_control_info, GetControlInfo)
{
        (void)in, (void)out;
        return domain_require_active(domain, error);
}

/* There is nothing to be said against any. */
TEST_GUEST(get_messages, GetMessages)
{
        (void)domain, (void)in, (void)out, (void)error;
        return 0;
}

/* Every disk is in trouble, so that clients see some. */
TEST_GUEST(get_disk_errors, GetDiskErrors)
{
        const Devices *devices;

        (void)in;
        if (domain_require_active(domain, error) < 0)
                return -1;
        devices = &test_local(domain)->live->devices;
        out->disk_errors.n = devices->n_disks;
        out->disk_errors.items = g_new0(DomainGetDiskErrorsDiskErrors, devices->n_disks);
        for (size_t i = 0; i < devices->n_disks; i++) {
                out->disk_errors.items[i].disk = g_strdup(devices->disks[i]->target.dev);
                out->disk_errors.items[i].error = (int32_t)(i % 2) + 1;
        }
        return 0;
}

TEST_GUEST(get_security_label_list, GetSecurityLabelList)
{
        (void)in, (void)error;
        if (!domain_is_active(domain))
                return 0;
        out->security_labels.n = 1;
        out->security_labels.items = g_new0(DomainGetSecurityLabelListSecurityLabels, 1);
        out->security_labels.items[0].label = g_strdup("libvirt-test");
        out->security_labels.items[0].enforcing = true;
        return 0;
}

/* An address for each interface. In the default network they follow the start of its range, with
 * twenty for each domain. */
static void addresses_of(const LocalDomain *domain, unsigned id, DomainInterfaceAddressesOut *out)
{
        const Devices *devices = &domain->live->devices;

        out->ifaces.n = devices->n_interfaces;
        out->ifaces.items = g_new0(DomainInterfaceAddressesIfaces, devices->n_interfaces);
        for (size_t i = 0; i < devices->n_interfaces; i++) {
                const InterfaceDevice *device = devices->interfaces[i];
                DomainInterfaceAddressesIfaces *iface = &out->ifaces.items[i];
                bool leased = device->type == INTERFACE_NETWORK;
                size_t host = leased ? 3 + i + 20 * (id - 1) : 1 + i;

                iface->name = g_strdup(device->target.dev);
                iface->hwaddr = g_strdup(device->mac.address);
                iface->addrs.n = 1;
                iface->addrs.items = g_new0(DomainInterfaceAddressesIfacesAddrs, 1);
                iface->addrs.items[0].addr =
                        g_strdup_printf("192.168.%d.%zu", leased ? 122 : 0, host % 254);
                iface->addrs.items[0].prefix = 24;
        }
}

void test_show_addresses(LocalDomain *domain, unsigned id)
{
        DomainInterfaceAddressesOut out = { 0 };

        addresses_of(domain, id, &out);
        object_set(domain, DOMAIN_PROPERTY_ADDRESSES, &out.ifaces);
        layout_clear(domain_class.properties[DOMAIN_PROPERTY_ADDRESSES].signature, &out.ifaces);
}

TEST_GUEST(interface_addresses, InterfaceAddresses)
{
        enum {
                SOURCE_LAST = 3, /* lease, agent, arp */
        };

        if (in->source >= SOURCE_LAST)
                return error_set(error, ERROR_ARGUMENT_UNSUPPORTED,
                        "Unknown IP address data source %u", in->source);
        if (domain_require_active(domain, error) < 0)
                return -1;
        addresses_of(test_local(domain), domain->properties.id, out);
        return 0;
}

TEST_GUEST(memory_peek, MemoryPeek)
{
        enum {
                MEMORY_VIRTUAL = 1,
                MEMORY_PHYSICAL = 2,
        };
        /* The most that libvirt's wire carries. */
        static const uint64_t max = 4 << 20;

        if (in->flags != MEMORY_VIRTUAL && in->flags != MEMORY_PHYSICAL)
                return error_set(error, ERROR_INVALID_ARG,
                        "flags parameter must be VIR_MEMORY_VIRTUAL or VIR_MEMORY_PHYSICAL");
        if (domain_require_active(domain, error) < 0)
                return -1;
        if (in->size > max)
                return error_set(error, ERROR_INVALID_ARG,
                        "size %" G_GUINT64_FORMAT " is more than the %" G_GUINT64_FORMAT " allowed",
                        in->size, max);
        out->buffer.n = in->size;
        out->buffer.items = g_malloc(in->size);
        for (uint64_t i = 0; i < in->size; i++)
                out->buffer.items[i] = (uint8_t)(in->offset + i);
        return 0;
}

/* Half of the memory is in use, whatever there is. */
TEST_GUEST(memory_stats, MemoryStats)
{
        enum {
                SWAP_IN,
                SWAP_OUT,
                MAJOR_FAULT,
                MINOR_FAULT,
                UNUSED,
                AVAILABLE,
                ACTUAL_BALLOON,
                RSS,
                USABLE,
                LAST_UPDATE,
                DISK_CACHES,
                HUGETLB_PGALLOC,
                HUGETLB_PGFAIL,
        };
        uint64_t memory = domain->properties.memory;
        const DomainMemoryStatsStats stats[] = {
                { ACTUAL_BALLOON, memory },
                { SWAP_IN, 0 },
                { SWAP_OUT, 0 },
                { MAJOR_FAULT, 0 },
                { MINOR_FAULT, 0 },
                { UNUSED, memory / 2 },
                { AVAILABLE, memory },
                { USABLE, memory / 2 },
                { LAST_UPDATE, 627319920 },
                { DISK_CACHES, memory / 8 },
                { HUGETLB_PGALLOC, 0 },
                { HUGETLB_PGFAIL, 0 },
                { RSS, memory / 2 },
        };

        (void)in;
        if (domain_require_active(domain, error) < 0)
                return -1;
        out->stats.n = G_N_ELEMENTS(stats);
        out->stats.items = g_memdup2(stats, sizeof stats);
        return 0;
}
