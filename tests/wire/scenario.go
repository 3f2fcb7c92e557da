// SPDX-License-Identifier: LGPL-2.1-or-later

// The life of a guest through the Go binding that speaks the wire by itself: scenario.go SOCKET [URI DOCUMENT]
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/digitalocean/go-libvirt"
)

const small = `<domain type='test'><name>second</name><uuid>11111111-2222-3333-4444-555555555555</uuid>
<memory unit='KiB'>262144</memory><vcpu>2</vcpu><os><type arch='i686'>hvm</type></os></domain>`

func must(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func main() {
	uri, document, name := libvirt.ConnectURI("test:///default"), small, "second"
	if len(os.Args) > 2 {
		uri, document, name = libvirt.ConnectURI(os.Args[2]), os.Args[3], "guest"
	}
	link, err := net.DialTimeout("unix", os.Args[1], 120*time.Second)
	must(err)
	l := libvirt.New(link)
	must(l.ConnectToURI(uri))
	kind, err := l.ConnectGetType()
	must(err)
	version, err := l.ConnectGetLibVersion()
	must(err)
	fmt.Println(kind, version >= 6000000)

	events, err := l.LifecycleEvents(context.Background())
	must(err)
	domain, err := l.DomainDefineXML(document)
	must(err)
	domains, _, err := l.ConnectListAllDomains(1, 0)
	must(err)
	fmt.Println("domains", len(domains))
	must(l.DomainCreate(domain))
	state, reason, err := l.DomainGetState(domain, 0)
	must(err)
	fmt.Println("state", state, reason)
	_, memory, _, cpus, _, err := l.DomainGetInfo(domain)
	must(err)
	fmt.Println("info", memory, cpus)
	text, err := l.DomainGetXMLDesc(domain, 0)
	must(err)
	fmt.Println("document", len(text) > 100)
	fmt.Println("again:", l.DomainCreate(domain))
	must(l.DomainDestroy(domain))
	must(l.DomainUndefine(domain))
	_, err = l.DomainLookupByName(name)
	fmt.Println("gone:", libvirt.IsNotFound(err))
	for i := 0; i < 4; i++ {
		select {
		case event := <-events:
			fmt.Println("event", event.Dom.Name, event.Event, event.Detail)
		case <-time.After(120 * time.Second):
			fmt.Println("no event")
		}
	}
	must(l.Disconnect())
}
