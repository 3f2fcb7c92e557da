/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "drivers/model/domain-tables.h"

/* PCI addresses: each device gets the place that libvirt would give it, so that a guest sees the
 * same hardware whichever of the two defined it. */

/* ---- PCI: the buses ------------------------------------------------------------------------- */

typedef enum BusKind {
        BUS_ABSENT,    /* no controller has this index */
        BUS_PCI,       /* pci-root, pci-bridge, pcie-to-pci-bridge: 31 slots for PCI devices */
        BUS_PCIE_ROOT, /* 31 slots for root ports and what is built into the chipset */
        BUS_PCIE_PORT, /* pcie-root-port: one slot for a PCI Express device */
        BUS_CLOSED,    /* expanders and switches: only what the document puts there */
} BusKind;

#define N_BUSES 256
#define N_SLOTS 32
#define N_FUNCTIONS 8

typedef struct Tenant {
        const char *kind;
        const void *device;
        DeviceInfo *info;
} Tenant;

typedef struct Bus {
        BusKind kind;
        bool grown;              /* on this pass, by what needed it */
        bool own_slots[N_SLOTS]; /* the functions of the slot are devices of their own: root ports,
                                    chipset */
        Tenant tenants[N_SLOTS][N_FUNCTIONS];
} Bus;

/* A pass over all devices. The first ones are dry: they only find out which buses it takes; then
 * their controllers are added and the last one assigns. */
typedef struct PciMap {
        DomainConfig *config;
        Bus *buses[N_BUSES];
        unsigned n_buses;
        GHashTable *settled; /* devices that have a place on this pass */
        bool express;        /* bus 0 is pcie-root */
        bool dry;
        bool grown;
} PciMap;

static void pci_map_free(PciMap *map)
{
        for (unsigned i = 0; i < map->n_buses; i++)
                g_free(map->buses[i]);
        g_hash_table_unref(map->settled);
        g_free(map);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PciMap, pci_map_free)

static BusKind bus_kind(const Controller *controller)
{
        static const struct {
                const char *model;
                BusKind kind;
        } kinds[] = {
                { "pci-root", BUS_PCI },
                { "pci-bridge", BUS_PCI },
                { "pcie-to-pci-bridge", BUS_PCI },
                { "pcie-root", BUS_PCIE_ROOT },
                { "pcie-root-port", BUS_PCIE_PORT },
                { "pcie-switch-downstream-port", BUS_PCIE_PORT },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
                if (g_strcmp0(controller->model, kinds[i].model) == 0)
                        return kinds[i].kind;
        return BUS_CLOSED;
}

static int add_bus(PciMap *map, unsigned index, BusKind kind, GError **error)
{
        if (index >= N_BUSES)
                return error_set(error, ERROR_XML_ERROR,
                        "PCI controller index %u is larger than %d", index, N_BUSES - 1);
        while (map->n_buses <= index)
                map->buses[map->n_buses++] = g_new0(Bus, 1);
        map->buses[index]->kind = kind;
        return 0;
}

/* A new bus behind the last; its index. */
static int grow(PciMap *map, BusKind kind, GError **error)
{
        unsigned index = map->n_buses;

        if (!map->dry)
                return error_set(error, ERROR_INTERNAL_ERROR, "No more available PCI slots");
        if (add_bus(map, index, kind, error) < 0)
                return -1;
        g_assert(index < G_N_ELEMENTS(map->buses));
        map->buses[index]->grown = true;
        map->grown = true;
        return (int)index;
}

/* ---- PCI: the slots ------------------------------------------------------------------------- */

static bool slot_free(const Bus *bus, unsigned slot)
{
        for (unsigned function = 0; function < N_FUNCTIONS; function++)
                if (bus->tenants[slot][function].kind)
                        return false;
        return true;
}

static void settle(
        PciMap *map, const Tenant *tenant, unsigned bus, unsigned slot, unsigned function)
{
        map->buses[bus]->tenants[slot][function] = *tenant;
        g_hash_table_add(map->settled, (void *)tenant->device);
        if (map->dry || !tenant->info)
                return;
        tenant->info->address.type = ADDRESS_PCI;
        tenant->info->address.pci.bus = bus;
        tenant->info->address.pci.slot = slot;
        tenant->info->address.pci.function = function;
}

/* What shares a slot says so in its first function. */
static void share_slot(PciMap *map, unsigned bus, unsigned slot)
{
        const Tenant *first = &map->buses[bus]->tenants[slot][0];

        if (!map->dry && first->info && first->info->address.pci.multifunction == SWITCH_ABSENT)
                first->info->address.pci.multifunction = SWITCH_ON;
}

static bool is_pci_bridge(const Tenant *tenant)
{
        return strcmp(tenant->kind, "controller") == 0 &&
                ((const Controller *)tenant->device)->type == CONTROLLER_PCI;
}

/* A device where the document puts it. */
static int claim(PciMap *map, const Tenant *tenant, GError **error)
{
        const PciAddress *pci = &tenant->info->address.pci;
        const Tenant *other;
        Bus *bus;

        if (pci->domain != 0)
                return 0; /* an expander's segment: the hypervisor's to judge */
        /* A bus without a controller: libvirt adds bridges up to it. */
        while (pci->bus >= map->n_buses || map->buses[pci->bus]->kind == BUS_ABSENT) {
                BusKind kind = map->express && pci->slot == 0 ? BUS_PCIE_PORT : BUS_PCI;

                if (map->n_buses > pci->bus && map->dry) {
                        map->buses[pci->bus]->kind = kind;
                        map->buses[pci->bus]->grown = map->grown = true;
                } else if (grow(map, kind, error) < 0) {
                        return -1;
                }
        }
        bus = map->buses[pci->bus];
        if (bus->kind == BUS_PCIE_PORT && pci->slot != 0)
                return error_set(error, ERROR_XML_ERROR,
                        "Invalid PCI address %04x:%02x:%02x.%x. slot must be <= 0", pci->domain,
                        pci->bus, pci->slot, pci->function);
        if ((bus->kind == BUS_PCI || bus->kind == BUS_PCIE_ROOT) && pci->slot == 0)
                return error_set(error, ERROR_XML_ERROR,
                        "Invalid PCI address %04x:%02x:%02x.%x. slot must be >= 1", pci->domain,
                        pci->bus, pci->slot, pci->function);

        other = &bus->tenants[pci->slot][pci->function];
        if (other->kind) {
                g_autofree char *here = device_describe(tenant->kind, tenant->device);
                g_autofree char *there = device_describe(other->kind, other->device);

                return error_set(error, ERROR_XML_ERROR,
                        "Attempted double use of PCI Address %04x:%02x:%02x.%x by %s and %s",
                        pci->domain, pci->bus, pci->slot, pci->function, there, here);
        }
        if (is_pci_bridge(tenant) && bus->kind == BUS_PCIE_ROOT)
                bus->own_slots[pci->slot] = true;
        settle(map, tenant, pci->bus, pci->slot, pci->function);
        return 0;
}

/* A fixed place of the chipset, if nothing is there. */
static bool claim_fixed(PciMap *map, const Tenant *tenant, unsigned slot, unsigned function)
{
        if (map->buses[0]->tenants[slot][function].kind)
                return false;
        map->buses[0]->own_slots[slot] = true;
        settle(map, tenant, 0, slot, function);
        return true;
}

typedef enum Need {
        NEED_NONE, /* not on PCI */
        NEED_PCI,
        NEED_EXPRESS, /* or PCI, on a machine that has no other */
        NEED_PORT,    /* a root port itself: a function on pcie-root */
} Need;

static int place_root_port(PciMap *map, const Tenant *tenant, GError **error)
{
        Bus *root = map->buses[0];

        /* Eight of them share a slot. */
        for (unsigned slot = 1; slot < N_SLOTS; slot++) {
                const Tenant *first = &root->tenants[slot][0];

                if (!root->own_slots[slot] || !first->kind || !is_pci_bridge(first))
                        continue;
                for (unsigned function = 1; function < N_FUNCTIONS; function++) {
                        if (root->tenants[slot][function].kind)
                                continue;
                        settle(map, tenant, 0, slot, function);
                        share_slot(map, 0, slot);
                        return 0;
                }
        }
        for (unsigned slot = 1; slot < N_SLOTS; slot++)
                if (slot_free(root, slot)) {
                        root->own_slots[slot] = true;
                        settle(map, tenant, 0, slot, 0);
                        return 0;
                }
        return error_set(error, ERROR_INTERNAL_ERROR, "No more available PCI slots");
}

static int place_express(PciMap *map, const Tenant *tenant, GError **error)
{
        int grown;

        for (unsigned bus = 1; bus < map->n_buses; bus++)
                if (map->buses[bus]->kind == BUS_PCIE_PORT && slot_free(map->buses[bus], 0)) {
                        settle(map, tenant, bus, 0, 0);
                        return 0;
                }
        grown = grow(map, BUS_PCIE_PORT, error);
        if (grown < 0)
                return -1;
        settle(map, tenant, grown, 0, 0);
        return 0;
}

static int place_pci(PciMap *map, const Tenant *tenant, GError **error)
{
        /* What a bridge that is being grown will put into its port. */
        static const Tenant bridge = { .kind = "bridge" };
        bool any = false;
        int grown;

        for (unsigned bus = 0; bus < map->n_buses; bus++) {
                if (map->buses[bus]->kind != BUS_PCI)
                        continue;
                any = true;
                for (unsigned slot = 1; slot < N_SLOTS; slot++)
                        if (slot_free(map->buses[bus], slot)) {
                                settle(map, tenant, bus, slot, 0);
                                return 0;
                        }
        }
        if (map->express && !any && place_express(map, &bridge, error) < 0)
                return -1;
        grown = grow(map, BUS_PCI, error);
        if (grown < 0)
                return -1;
        settle(map, tenant, grown, 1, 0);
        return 0;
}

static int place(PciMap *map, const Tenant *tenant, Need need, GError **error)
{
        if (need == NEED_PORT)
                return place_root_port(map, tenant, error);
        if (need == NEED_EXPRESS && map->express)
                return place_express(map, tenant, error);
        return place_pci(map, tenant, error);
}

/* ---- PCI: what devices need ----------------------------------------------------------------- */

static bool is_virtio_express(const char *model)
{
        return g_strcmp0(model, "virtio") == 0 || g_strcmp0(model, "virtio-non-transitional") == 0;
}

static Need controller_need(const Controller *controller)
{
        const char *model = controller->model ?: "";

        switch (controller->type) {
        case CONTROLLER_PCI:
                if (strcmp(model, "pcie-root-port") == 0 ||
                        strcmp(model, "pcie-expander-bus") == 0 ||
                        strcmp(model, "dmi-to-pci-bridge") == 0)
                        return NEED_PORT;
                if (strcmp(model, "pcie-to-pci-bridge") == 0)
                        return NEED_EXPRESS;
                if (strcmp(model, "pci-bridge") == 0 || strcmp(model, "pci-expander-bus") == 0)
                        return NEED_PCI;
                return NEED_NONE;
        case CONTROLLER_USB:
                if (strcmp(model, "none") == 0)
                        return NEED_NONE;
                return strcmp(model, "qemu-xhci") == 0 || strcmp(model, "nec-xhci") == 0 ?
                        NEED_EXPRESS :
                        NEED_PCI;
        case CONTROLLER_SCSI:
                return g_str_has_prefix(model, "virtio") &&
                                strcmp(model, "virtio-transitional") != 0 ?
                        NEED_EXPRESS :
                        NEED_PCI;
        case CONTROLLER_VIRTIO_SERIAL:
                return strcmp(model, "virtio-transitional") == 0 ? NEED_PCI : NEED_EXPRESS;
        case CONTROLLER_SATA:
        case CONTROLLER_IDE:
                return NEED_PCI;
        default:
                return NEED_NONE;
        }
}

static Need virtio_need(VirtioModel model)
{
        return model == VIRTIO_TRANSITIONAL ? NEED_PCI : NEED_EXPRESS;
}

static Need device_need(const char *kind, const void *device)
{
        if (strcmp(kind, "controller") == 0)
                return controller_need(device);
        if (strcmp(kind, "interface") == 0) {
                const char *model = ((const InterfaceDevice *)device)->model.type;

                return is_virtio_express(model) || g_strcmp0(model, "e1000e") == 0 ||
                                g_strcmp0(model, "igb") == 0 ?
                        NEED_EXPRESS :
                        NEED_PCI;
        }
        if (strcmp(kind, "disk") == 0) {
                const Disk *disk = device;

                return disk->target.bus == DISK_BUS_VIRTIO ? virtio_need(disk->model) : NEED_NONE;
        }
        if (strcmp(kind, "sound") == 0) {
                SoundModel model = ((const Sound *)device)->model;

                return model == SOUND_SB16 || model == SOUND_PCSPK || model == SOUND_USB ?
                        NEED_NONE :
                        NEED_PCI;
        }
        if (strcmp(kind, "video") == 0) {
                VideoType type = ((const Video *)device)->model.type;

                if (type == VIDEO_NONE || type == VIDEO_RAMFB)
                        return NEED_NONE;
                return type == VIDEO_VIRTIO || type == VIDEO_BOCHS ? NEED_EXPRESS : NEED_PCI;
        }
        if (strcmp(kind, "memballoon") == 0) {
                MemballoonModel model = ((const Memballoon *)device)->model;

                if (model == MEMBALLOON_NONE || model == MEMBALLOON_XEN)
                        return NEED_NONE;
                return model == MEMBALLOON_VIRTIO_TRANSITIONAL ? NEED_PCI : NEED_EXPRESS;
        }
        if (strcmp(kind, "rng") == 0)
                return virtio_need(((const Rng *)device)->model);
        if (strcmp(kind, "watchdog") == 0)
                return ((const Watchdog *)device)->model == WATCHDOG_I6300ESB ? NEED_PCI :
                                                                                NEED_NONE;
        if (strcmp(kind, "input") == 0) {
                const Input *input = device;

                return input->bus == INPUT_BUS_VIRTIO ? virtio_need(input->model) : NEED_NONE;
        }
        if (strcmp(kind, "serial") == 0)
                return ((const Chardev *)device)->target.type == TARGET_PCI_SERIAL ? NEED_PCI :
                                                                                     NEED_NONE;
        if (strcmp(kind, "filesystem") == 0)
                return virtio_need(((const Filesystem *)device)->model);
        if (strcmp(kind, "vsock") == 0)
                return virtio_need(((const Vsock *)device)->model);
        if (strcmp(kind, "crypto") == 0)
                return NEED_EXPRESS;
        if (strcmp(kind, "shmem") == 0)
                return NEED_PCI;
        if (strcmp(kind, "hostdev") == 0)
                return ((const Hostdev *)device)->type == HOSTDEV_PCI ? NEED_EXPRESS : NEED_NONE;
        return NEED_NONE;
}

/* ---- PCI: the passes ------------------------------------------------------------------------ */

static bool has_pci_place(const DeviceInfo *info)
{
        const PciAddress *pci = &info->address.pci;

        return info->address.type == ADDRESS_PCI &&
                (pci->domain || pci->bus || pci->slot || pci->function);
}

static bool wants_pci_place(const DeviceInfo *info)
{
        return info->address.type == ADDRESS_NONE ||
                (info->address.type == ADDRESS_PCI && !has_pci_place(info));
}

typedef struct Walk {
        PciMap *map;
        GError **error;
        const char *kind; /* the one whose turn it is */
} Walk;

static int claim_visit(DeviceInfo *info, const char *kind, void *device, void *data)
{
        Walk *walk = data;
        Tenant tenant = { kind, device, info };

        /* A console is not there twice. */
        if (!has_pci_place(info) || strcmp(kind, "console") == 0)
                return 0;
        return claim(walk->map, &tenant, walk->error);
}

static int place_visit(DeviceInfo *info, const char *kind, void *device, void *data)
{
        Walk *walk = data;
        Tenant tenant = { kind, device, info };
        bool bridge;
        Need need;

        if (!wants_pci_place(info) || strcmp(kind, "console") == 0 ||
                g_hash_table_contains(walk->map->settled, device))
                return 0;
        need = device_need(kind, device);
        bridge = is_pci_bridge(&tenant);
        if (need == NEED_NONE)
                return 0;
        if (strcmp(walk->kind, "bridge") == 0 ? !bridge : bridge || strcmp(walk->kind, kind) != 0)
                return 0;
        return place(walk->map, &tenant, need, walk->error);
}

/* The bridge to ISA and the power management, which are in no document: whoever wants their place
 * is refused. */
static void claim_chipset(PciMap *map)
{
        static const Tenant chipset = { .kind = "the machine's own devices" };
        bool q35 = machine_is_q35(map->config);

        if (!q35 && !machine_is_i440fx(map->config))
                return;
        claim_fixed(map, &chipset, q35 ? 0x1f : 1, 0);
        claim_fixed(map, &chipset, q35 ? 0x1f : 1, 3);
}

/* The first of a kind stands where the chipset has it. */
static void place_chipset(PciMap *map)
{
        DomainConfig *config = map->config;
        Devices *devices = &config->devices;
        bool q35 = machine_is_q35(config);

        if (!q35 && !machine_is_i440fx(config))
                return;

        for (size_t i = 0; i < devices->n_controllers; i++) {
                Controller *controller = devices->controllers[i];
                Tenant tenant = { "controller", controller, &controller->info };
                const char *model = controller->model ?: "";
                unsigned slot = q35 ? 0x1d : 1, function = 2;

                if (!wants_pci_place(&controller->info))
                        continue;
                if (controller->type == CONTROLLER_IDE && number_or(controller->index, 0) == 0 &&
                        !q35)
                        claim_fixed(map, &tenant, 1, 1);
                else if (controller->type == CONTROLLER_SATA &&
                        number_or(controller->index, 0) == 0 && q35)
                        claim_fixed(map, &tenant, 0x1f, 2);
                else if (strcmp(model, "piix3-uhci") == 0 && !q35)
                        claim_fixed(map, &tenant, slot, function);
                else if (g_str_has_prefix(model, "ich9-") && q35) {
                        function = strcmp(model, "ich9-ehci1") == 0 ?
                                7 :
                                model[strlen(model) - 1] - '1';
                        if (function < N_FUNCTIONS && claim_fixed(map, &tenant, slot, function) &&
                                function == 0 && devices->n_controllers > 1)
                                share_slot(map, 0, slot);
                }
        }
        if (devices->n_videos > 0 && wants_pci_place(&devices->videos[0]->info) &&
                device_need("video", devices->videos[0]) != NEED_NONE) {
                Tenant tenant = { "video", devices->videos[0], &devices->videos[0]->info };

                claim_fixed(map, &tenant, q35 ? 1 : 2, 0);
        }
        for (size_t i = 0; q35 && i < devices->n_sounds; i++) {
                Sound *sound = devices->sounds[i];
                Tenant tenant = { "sound", sound, &sound->info };

                if (sound->model == SOUND_ICH9 && wants_pci_place(&sound->info)) {
                        claim_fixed(map, &tenant, 0x1b, 0);
                        break;
                }
        }
}

/* Companions of a USB 2 controller, where the chipset has no place for them: functions of one slot.
 */
static int place_companions(PciMap *map, GError **error)
{
        Devices *devices = &map->config->devices;

        for (size_t i = 0; i < devices->n_controllers; i++) {
                Controller *first = devices->controllers[i];
                Tenant tenant = { "controller", first, &first->info };
                const Tenant *place_of = NULL;
                unsigned bus = 0, slot = 0;

                if (g_strcmp0(first->model, "ich9-ehci1") != 0 || !wants_pci_place(&first->info) ||
                        g_hash_table_contains(map->settled, first))
                        continue;
                if (place_pci(map, &tenant, error) < 0)
                        return -1;
                for (unsigned b = 0; b < map->n_buses && !place_of; b++)
                        for (unsigned s = 1; s < N_SLOTS && !place_of; s++)
                                if (map->buses[b]->tenants[s][0].device == first) {
                                        place_of = &map->buses[b]->tenants[s][0];
                                        bus = b;
                                        slot = s;
                                }
                map->buses[bus]->tenants[slot][0] = (Tenant){};
                settle(map, &tenant, bus, slot, 7);
                for (size_t j = 0; j < devices->n_controllers; j++) {
                        Controller *other = devices->controllers[j];
                        Tenant companion = { "controller", other, &other->info };

                        if (!g_str_has_prefix(other->model ?: "", "ich9-uhci") ||
                                number_or(other->index, 0) != number_or(first->index, 0) ||
                                !wants_pci_place(&other->info))
                                continue;
                        settle(map, &companion, bus, slot, (other->model[9] - '1') & 3);
                }
                share_slot(map, bus, slot);
        }
        return 0;
}

/* libvirt's order, which decides who gets which slot. */
static const char *const place_order[] = { "bridge", "filesystem", "interface", "sound",
        "controller", "disk", "hostdev", "memballoon", "rng", "watchdog", "video", "shmem", "input",
        "serial", "vsock" };

static PciMap *pci_pass(DomainConfig *config, bool dry, bool spare, GError **error)
{
        g_autoptr(PciMap) map = g_new0(PciMap, 1);
        Devices *devices = &config->devices;
        Walk walk = { .map = map, .error = error };

        map->config = config;
        map->settled = g_hash_table_new(NULL, NULL);
        map->dry = dry;
        for (size_t i = 0; i < devices->n_controllers; i++) {
                Controller *controller = devices->controllers[i];

                if (controller->type == CONTROLLER_PCI &&
                        add_bus(map, number_or(controller->index, 0), bus_kind(controller), error) <
                                0)
                        return NULL;
        }
        map->express = map->buses[0]->kind == BUS_PCIE_ROOT;

        claim_chipset(map);
        if (domain_config_each_device(config, claim_visit, &walk) != 0)
                return NULL;
        place_chipset(map);
        for (size_t i = 0; i < G_N_ELEMENTS(place_order); i++) {
                walk.kind = place_order[i];
                if (strcmp(walk.kind, "controller") == 0 && place_companions(map, error) < 0)
                        return NULL;
                if (domain_config_each_device(config, place_visit, &walk) != 0)
                        return NULL;
        }
        /* Room for one more device, to be plugged in later. */
        if (spare) {
                static const Tenant later = { .kind = "spare" };

                if (place_express(map, &later, error) < 0)
                        return NULL;
        }
        return g_steal_pointer(&map);
}

/* The controllers of the buses that a dry pass has grown. */
static void add_bridges(DomainConfig *config, const PciMap *map)
{
        for (unsigned i = 1; i < map->n_buses; i++) {
                const char *model = map->buses[i]->kind == BUS_PCIE_PORT ? "pcie-root-port" :
                        map->express                                     ? "pcie-to-pci-bridge" :
                                                                           "pci-bridge";

                if (map->buses[i]->grown)
                        domain_config_add_controller(config, CONTROLLER_PCI, i, model);
        }
}

/* What QEMU needs to know of a bridge beside its place. */
static void complete_bridges(DomainConfig *config)
{
        static const struct {
                const char *model, *name;
        } names[] = {
                { "pci-bridge", "pci-bridge" },
                { "pcie-root-port", "pcie-root-port" },
                { "pcie-to-pci-bridge", "pcie-pci-bridge" },
                { "dmi-to-pci-bridge", "i82801b11-bridge" },
                { "pcie-switch-upstream-port", "x3130-upstream" },
                { "pcie-switch-downstream-port", "xio3130-downstream" },
                { "pci-expander-bus", "pxb" },
                { "pcie-expander-bus", "pxb-pcie" },
        };

        for (size_t i = 0; i < config->devices.n_controllers; i++) {
                Controller *controller = config->devices.controllers[i];
                const PciAddress *pci = &controller->info.address.pci;

                if (controller->type != CONTROLLER_PCI)
                        continue;
                for (size_t j = 0; j < G_N_ELEMENTS(names) && !controller->pci_model.name; j++)
                        if (g_strcmp0(controller->model, names[j].model) == 0)
                                controller->pci_model.name = g_strdup(names[j].name);
                if (g_strcmp0(controller->model, "pci-bridge") == 0 &&
                        !controller->target.chassis_nr.set)
                        controller->target.chassis_nr = controller->index;
                if (g_strcmp0(controller->model, "pcie-root-port") == 0) {
                        if (!controller->target.chassis.set)
                                controller->target.chassis = controller->index;
                        if (!controller->target.port.set)
                                controller->target.port = number(pci->slot << 3 | pci->function);
                }
        }
}

/* The root, and only the root, has index 0. */
static int check_roots(const DomainConfig *config, GError **error)
{
        for (size_t i = 0; i < config->devices.n_controllers; i++) {
                const Controller *controller = config->devices.controllers[i];
                bool root = g_strcmp0(controller->model, "pci-root") == 0 ||
                        g_strcmp0(controller->model, "pcie-root") == 0;

                if (controller->type != CONTROLLER_PCI || root == (controller->index.value == 0))
                        continue;
                if (root)
                        return error_set(error, ERROR_XML_ERROR,
                                "pci-root and pcie-root controllers should have index 0");
                return error_set(error, ERROR_XML_ERROR,
                        "the PCI controller with index 0 is pci-root or pcie-root, not '%s'",
                        controller->model ?: "");
        }
        return 0;
}

int domain_assign_pci(DomainConfig *config, GError **error)
{
        bool spare = false;
        unsigned n_bridges = 0;

        if (!domain_config_controller(config, CONTROLLER_PCI, 0))
                return 0;
        if (check_roots(config, error) < 0)
                return -1;
        for (size_t i = 0; i < config->devices.n_controllers; i++)
                n_bridges += config->devices.controllers[i]->type == CONTROLLER_PCI;
        /* Who lays out buses in the document has laid them out. */
        spare = n_bridges == 1 &&
                bus_kind(domain_config_controller(config, CONTROLLER_PCI, 0)) == BUS_PCIE_ROOT;

        for (;;) {
                g_autoptr(PciMap) map = pci_pass(config, true, spare, error);

                if (!map)
                        return -1;
                if (!map->grown)
                        break;
                add_bridges(config, map);
        }

        g_autoptr(PciMap) map = pci_pass(config, false, false, error);

        if (!map)
                return -1;
        complete_bridges(config);
        return 0;
}
