/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Character devices, and what else has one at its host's end. */

#include "drivers/model/domain-device.h"

typedef struct PathSource {
        Kept kept;
        char *path; /* live for a pty: the slave's name */
        Switch append;
        DeviceSeclabel **seclabels;
        size_t n_seclabels;
} PathSource;

typedef struct UnixSource {
        Kept kept;
        char *path; /* NULL: the driver chooses, as for the guest agent's channel */
        ChardevMode mode;
        Reconnect reconnect;
        DeviceSeclabel **seclabels;
        size_t n_seclabels;
} UnixSource;

typedef struct TcpSource {
        Kept kept;
        char *host;
        char *service;
        ChardevMode mode;
        Switch tls;
        Reconnect reconnect;
} TcpSource;

/* One to bind to, one to connect to, or either. */
typedef struct UdpSource {
        Kept kept;
        ChardevMode mode;
        char *host;
        char *service;
} UdpSource;

/* spiceport, dbus: a name; nmdm: the two ends of a null modem. */
typedef struct NamedSource {
        Kept kept;
        char *channel;
        char *master;
        char *slave;
} NamedSource;

typedef struct VdagentSource {
        Kept kept;
        Switch clipboard; /* clipboard/@copypaste */
        char *mouse;      /* mouse/@mode: "server", "client" */
} VdagentSource;

typedef struct ChardevProtocol {
        Kept kept;
        ChardevProtocolType type;
} ChardevProtocol;

typedef struct ChardevLog {
        Kept kept;
        char *file;
        Switch append;
} ChardevLog;

typedef struct ChardevTargetModel {
        Kept kept;
        char *name; /* "isa-serial" */
} ChardevTargetModel;

typedef struct ChardevTarget {
        Kept kept;
        ChardevTargetType type;
        Number port;              /* serial, parallel, console */
        char *name;               /* channel */
        char *address;            /* guestfwd */
        Number forward_port;      /* guestfwd: of TCP */
        ChannelState state;       /* channel, live */
        ChardevTargetModel model; /* serial */
} ChardevTarget;

/* What is at the host's end. `type` says which member counts: path for pty, dev, file and pipe;
 * named for spiceport, dbus and nmdm; null, stdio, vc and spicevmc have none. It is a struct of its
 * own where a device has such an end among others, and part of Chardev. */
#define CHARDEV_BACKEND                                   \
        struct {                                          \
                ChardevType type;                         \
                union {                                   \
                        PathSource path;                  \
                        UnixSource unix_;                 \
                        struct {                          \
                                TcpSource source;         \
                                ChardevProtocol protocol; \
                        } tcp;                            \
                        struct {                          \
                                UdpSource **sources;      \
                                size_t n_sources;         \
                        } udp;                            \
                        NamedSource named;                \
                        VdagentSource vdagent;            \
                };                                        \
        }

typedef CHARDEV_BACKEND ChardevBackend;

/* <serial>, <parallel>, <console> and <channel>. */
typedef struct Chardev {
        Kept kept;
        CHARDEV_BACKEND;
        char *tty; /* console, live: the same as path.path of a pty */
        ChardevLog log;
        ChardevTarget target;
        DeviceInfo info;
} Chardev;

typedef struct SmartcardCertificate {
        Kept kept;
        char *name; /* the text */
} SmartcardCertificate;

typedef struct Smartcard {
        Kept kept;
        SmartcardMode mode;
        SmartcardCertificate **certificates; /* host-certificates: three */
        size_t n_certificates;
        char *database;
        ChardevBackend backend; /* passthrough */
        DeviceInfo info;
} Smartcard;

typedef struct RedirectedDevice {
        Kept kept;
        char *bus; /* "usb" */
        ChardevBackend backend;
        DeviceInfo info;
} RedirectedDevice;

/* -1 and absent are any. */
typedef struct RedirectionRule {
        Kept kept;
        Number class;
        Number vendor;
        Number product;
        char *version;
        Switch allow;
} RedirectionRule;

typedef struct RedirectionFilter {
        Kept kept;
        RedirectionRule **rules;
        size_t n_rules;
} RedirectionFilter;
