/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The configuration of a domain: libvirt's "Domain XML format" as structs.
 *
 * The struct is the document. A struct stands for an element, a field for an attribute or a child,
 * and the path of a field is the path in the XML: /domain/devices/disk/driver/@cache is
 * config->devices.disks[i]->driver.cache. Three exceptions, so that drivers need not spell out what
 * is one to them: alias, boot and address of every device are in its `info`; a disk's source/@file,
 * @dev, @dir are `source.path`; an element that is nothing but one attribute is a field of its
 * parent; the variants of an element that a discriminator tells apart
 * (chardev, graphics, address) are a union beside it, of which only the member of that type may be
 * read.
 *
 * All-zero is "not in the document" (value.h). Strings are UTF-8, owned by the struct, NULL when
 * absent; an empty embedded element is as good as none. Lists are arrays of owned pointers with
 * their length beside them, in document order. What is not bound is kept in `kept` and written
 * back; a device kind that is not bound at all is in `devices.others`, by name, so that a driver
 * can refuse it by name.
 *
 * Four passes, each a function: parse (the document as it stands), defaults (what the driver and
 * libvirt's rules add), validate (what contradicts itself), format. A change of a live model is:
 * copy, change, validate, swap.
 *
 * Nothing here suspends. Errors are XML_DETAIL for what is not well formed, XML_ERROR for wrong
 * content with the place named, CONFIG_UNSUPPORTED for what contradicts itself or is not possible.
 */

#include "drivers/model/domain-display.h"
#include "drivers/model/domain-machine.h"
#include "drivers/model/domain-peripherals.h"
#include "drivers/model/domain-tuning.h"
#include "service/base/error.h"

/* A device of a kind that is not bound. All but info is in kept. */
typedef struct OtherDevice {
        Kept kept;
        char *name; /* of the element */
        DeviceInfo info;
} OtherDevice;

typedef struct Devices {
        Kept kept;
        char *emulator;
        Disk **disks;
        size_t n_disks;
        Controller **controllers;
        size_t n_controllers;
        Lease **leases;
        size_t n_leases;
        Filesystem **filesystems;
        size_t n_filesystems;
        InterfaceDevice **interfaces;
        size_t n_interfaces;
        Smartcard **smartcards;
        size_t n_smartcards;
        Chardev **serials;
        size_t n_serials;
        Chardev **parallels;
        size_t n_parallels;
        /* As in libvirt the first console of a full virtualization guest is the first serial port,
         * seen again. */
        Chardev **consoles;
        size_t n_consoles;
        Chardev **channels;
        size_t n_channels;
        Input **inputs;
        size_t n_inputs;
        Tpm **tpms;
        size_t n_tpms;
        Graphics **graphics;
        size_t n_graphics;
        Sound **sounds;
        size_t n_sounds;
        Audio **audios;
        size_t n_audios;
        Video **videos;
        size_t n_videos;
        Hostdev **hostdevs;
        size_t n_hostdevs;
        RedirectedDevice **redirdevs;
        size_t n_redirdevs;
        RedirectionFilter *redirfilter;
        Hub **hubs;
        size_t n_hubs;
        Watchdog **watchdogs;
        size_t n_watchdogs;
        Memballoon *memballoon;
        Rng **rngs;
        size_t n_rngs;
        Nvram *nvram;
        Panic **panics;
        size_t n_panics;
        Shmem **shmems;
        size_t n_shmems;
        MemoryDevice **memories;
        size_t n_memories;
        Iommu *iommu;
        Vsock *vsock;
        Crypto **cryptos;
        size_t n_cryptos;
        OtherDevice **others;
        size_t n_others;
} Devices;

/* ---- the domain ----------------------------------------------------------------------------- */

typedef struct DomainConfig {
        Kept kept; /* also xmlns:qemu and <qemu:commandline> */
        VirtType type;
        Number id; /* live */
        char *name;
        char *uuid; /* 36 characters, lower case */
        char *genid;
        char *title;
        char *description;
        char *metadata; /* the subtree; see domain_config_metadata_get() */
        MemorySize max_memory;
        MemorySize memory;
        MemorySize current_memory;
        Blkiotune *blkiotune;
        Memtune *memtune;
        MemoryBacking *memory_backing;
        Vcpu vcpu;
        Vcpus *vcpus;
        Number iothreads;
        Iothreads *iothreadids;
        DefaultIothread *default_iothread;
        Cputune *cputune;
        Numatune *numatune;
        Resource *resource;
        Sysinfo **sysinfos; /* one for each type */
        size_t n_sysinfos;
        char *bootloader;
        char *bootloader_args;
        Os os;
        IdMap *idmap;
        Features features;
        Cpu cpu;
        Clock clock;
        LifecycleAction on_poweroff;
        LifecycleAction on_reboot;
        LifecycleAction on_crash;
        char *on_lockfailure; /* "poweroff", "restart", "pause", "ignore" */
        Pm pm;
        Perf *perf;
        Devices devices;
        Seclabel **seclabels;
        size_t n_seclabels;
        Keywrap *keywrap;
        LaunchSecurity *launch_security;
} DomainConfig;

/* libvirt's VIR_DOMAIN_XML_*; given to parse, INACTIVE means that what is live only is ignored. */
enum {
        DOMAIN_XML_SECURE = 1 << 0, /* write passwords */
        DOMAIN_XML_INACTIVE =
                1 << 1, /* leave out what is live only: id, aliases, names of ptys, ... */
        DOMAIN_XML_UPDATE_CPU = 1 << 2, /* the driver's to do before it formats */
        DOMAIN_XML_MIGRATABLE = 1 << 3
};

/* *ret is what the document says and no more. The name is there and has no '/' or newline. */
int domain_config_parse(const char *xml, unsigned flags, DomainConfig **ret, GError **error);

/* The same of name, uuid, title, description, memory, vcpu and os alone, in a third of the time:
 * for a thousand definitions at once, which this wrote itself. The rest has to be well formed. */
int domain_config_parse_head(const char *xml, DomainConfig **ret, GError **error);

/* Only name and uuid, streaming, to authorize before anything else is done with the document.
 * ret_uuid may be NULL; *ret_uuid is NULL where the document has none. Refuses and accepts what
 * parse does as far as these two go. */
int domain_config_identify(const char *xml, char **ret_name, char **ret_uuid, GError **error);

/* The document, as `virsh dumpxml` orders and indents it. Never fails. */
char *domain_config_format(const DomainConfig *config, unsigned flags);

DomainConfig *domain_config_copy(const DomainConfig *config);
void domain_config_free(DomainConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomainConfig, domain_config_free)

/* The element of <metadata> in namespace `uri`, as a document of its own (to be freed), or NULL
 * with NO_DOMAIN_METADATA. */
char *domain_config_metadata_get(const DomainConfig *config, const char *uri, GError **error);

/* Replaces it by the element `xml`, which is put in namespace `uri` with the prefix `key`; NULL
 * removes it. */
int domain_config_metadata_set(
        DomainConfig *config, const char *key, const char *uri, const char *xml, GError **error);

/* What a driver knows and defaults need. A callback returns what is to be freed, or NULL where
 * there is nothing to be said. All members may be NULL. */
typedef struct DomainDefaults {
        const char *arch; /* of a domain that names none: the host's */
        /* The full name of a machine type ("q35" -> "pc-q35-7.2"); machine NULL asks for the
         * default one. NULL with an error set is an arch or machine that there is not. */
        char *(*machine)(
                void *data, VirtType type, const char *arch, const char *machine, GError **error);
        /* The emulator of a domain that names none. */
        char *(*emulator)(void *data, VirtType type, const char *arch);
        void *data;
        /* The CPU model of an x86 domain that names none ("qemu64"). */
        const char *cpu_model;
        /* Add the devices that QEMU's machines come with, and give each device its address. */
        bool qemu_devices;
} DomainDefaults;

/* Fills in what the document leaves open, as libvirt does. Idempotent. May fail where two addresses
 * collide, a target name has no bus, a machine is unknown; config is then good for nothing but
 * domain_config_free(). */
int domain_config_defaults(DomainConfig *config, const DomainDefaults *defaults, GError **error);

/* Whether the document makes sense as a whole; to be called after defaults. */
int domain_config_validate(const DomainConfig *config, GError **error);

/* ---- for drivers ---------------------------------------------------------------------------- */

/* The controller of that type and index, or NULL. */
Controller *domain_config_controller(
        const DomainConfig *config, ControllerType type, unsigned index);

/* The disk with that target/@dev, or NULL. */
Disk *domain_config_disk(const DomainConfig *config, const char *dev);

/* The info of each device in turn, with the name of its element; a visitor that does not return 0
 * ends the walk with its value. Graphics has no info but an alias and is not visited. */
typedef int (*DeviceVisit)(DeviceInfo *info, const char *kind, void *device, void *data);
int domain_config_each_device(const DomainConfig *config, DeviceVisit visit, void *data);

/* A new empty device at the end of its list, owned by the config. */
Controller *domain_config_add_controller(
        DomainConfig *config, ControllerType type, unsigned index, const char *model);
