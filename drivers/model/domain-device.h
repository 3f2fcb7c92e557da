/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the devices of a domain share: where they stand, what they are called. */

#include "drivers/model/domain-names.h"
#include "drivers/model/value.h"

typedef struct ZpciAddress {
        Kept kept;
        Number uid;
        Number fid;
} ZpciAddress;

typedef struct PciAddress {
        unsigned domain;
        unsigned bus; /* the index of a PCI controller */
        unsigned slot;
        unsigned function;
        Switch multifunction;
        ZpciAddress zpci;
} PciAddress;

typedef struct DriveAddress {
        unsigned controller; /* the index of a controller of the disk's bus */
        unsigned bus;
        unsigned target;
        unsigned unit;
} DriveAddress;

typedef struct VirtioSerialAddress {
        unsigned controller;
        unsigned bus;
        unsigned port; /* from 1; 0 is the controller's own console */
} VirtioSerialAddress;

typedef struct CcidAddress {
        unsigned controller;
        unsigned slot;
} CcidAddress;

typedef struct UsbAddress {
        unsigned bus; /* the index of a USB controller */
        char *port;   /* "1", or "1.3" behind a hub; NULL: not assigned */
} UsbAddress;

typedef struct IsaAddress {
        Number iobase;
        Number irq;
} IsaAddress;

typedef struct CcwAddress {
        Number cssid;
        Number ssid;
        Number devno;
} CcwAddress;

typedef struct SpaprVioAddress {
        Number reg;
} SpaprVioAddress;

typedef struct DimmAddress {
        Number slot;
        Number base;
} DimmAddress;

/* `type` says which member counts. ADDRESS_PCI with all numbers zero asks for an address to be
 * assigned. */
typedef struct Address {
        Kept kept;
        AddressType type;
        union {
                PciAddress pci;
                DriveAddress drive;
                VirtioSerialAddress virtio_serial;
                CcidAddress ccid;
                UsbAddress usb;
                IsaAddress isa;
                CcwAddress ccw;
                SpaprVioAddress spapr_vio;
                DimmAddress dimm;
        };
} Address;

typedef struct Alias {
        Kept kept;
        char *name; /* "ua-..." is the user's and stays; others are live only */
} Alias;

/* Whether the user gave it, as opposed to the driver (or nobody). */
bool alias_is_user(const Alias *alias);

typedef struct DeviceBoot {
        Kept kept;
        Number order;
        char *loadparm;
} DeviceBoot;

typedef struct DeviceRom {
        Kept kept;
        Switch bar;
        char *file;
        Switch enabled;
} DeviceRom;

typedef struct DeviceAcpi {
        Kept kept;
        Number index;
} DeviceAcpi;

/* The part that every device has. */
typedef struct DeviceInfo {
        DeviceBoot boot;
        Alias alias;
        DeviceRom *rom;
        DeviceAcpi *acpi;
        Address address;
} DeviceInfo;

/* Options of the virtio transport, in the <driver> of each virtio device. */
typedef struct VirtioOptions {
        Switch iommu;
        Switch ats;
        Switch packed;
        Switch page_per_vq;
} VirtioOptions;

/* <driver> of a device that has no other options than these. */
typedef struct VirtioDriver {
        Kept kept;
        VirtioOptions virtio;
} VirtioDriver;

/* <seclabel> of one file or socket. */
typedef struct DeviceSeclabel {
        Kept kept;
        char *model;
        Switch relabel;
        Switch labelskip;
        char *label;
} DeviceSeclabel;

/* <reconnect enabled='yes' timeout='10'/> */
typedef struct Reconnect {
        Kept kept;
        Switch enabled;
        Number timeout; /* s */
} Reconnect;
