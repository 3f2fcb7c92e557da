/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The tables of network.h's structs, for the files that parse, change and check them. */

#include "drivers/model/bind.h"
#include "drivers/model/document.h"
#include "drivers/model/network.h"

extern const DocumentKind network_kind;
extern const BindType network_dhcp_range_type, network_dhcp_host_type, network_forward_if_type,
        network_portgroup_type, network_dns_host_type, network_dns_txt_type, network_dns_srv_type;
