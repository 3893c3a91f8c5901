// SPDX-License-Identifier: GPL-2.0-only
/* The tracepoints of vfio-pci-core, declared in vfio_pci_trace.h */

#define CREATE_TRACE_POINTS
#include "vfio_pci_trace.h"
