# SPDX-License-Identifier: LGPL-2.1-or-later
"""Names made of names: those of C of the interfaces' and the wire's, and libvirt's of the wire's."""

import re

# Words that libvirt writes in capitals, and what words begin with that it writes so.
API_CAPITALS = {"CPU", "DHCP", "FD", "ID", "MAC", "NMI", "OS", "PM", "SCSI", "SEV", "SSH", "URI", "UUID", "WWN", "XML"}
API_PREFIX = re.compile(r"(FS|IO|NW)([A-Z]+)")


def camel(name):
    """NO_DOMAIN -> NoDomain."""
    return "".join(part.capitalize() for part in name.split("_"))


def snake(name):
    """GetXMLDesc -> get_xml_desc, DefaultURI -> default_uri, URIs -> uris."""
    name = re.sub(r"([A-Z]+)s$", lambda match: match.group(0).capitalize(), name)
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name).lower()


def api_name(name, program="REMOTE"):
    """libvirt's name of the function that a procedure is: DOMAIN_GET_XML_DESC -> virDomainGetXMLDesc."""
    def word(text):
        prefix = API_PREFIX.fullmatch(text)
        return text if text in API_CAPITALS else prefix[1] + prefix[2].capitalize() if prefix else text.capitalize()

    words = [word(text) for text in name.split("_")]
    if program != "REMOTE":
        words.insert(1, program.capitalize())
    return "vir" + "".join(words)
