// SPDX-License-Identifier: GPL-2.0-only
/* PCI devices, and those of bus mdev, as sysfs shows them. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <linux/pci_regs.h>

#include <libvfio/sysfs.h>
#include "internal.h"

#define PCI_SYSFS "/sys/bus/pci/devices"
#define MDEV_SYSFS "/sys/bus/mdev/devices"

/* A UUID has no colon, a PCI address has. */
void dev_path(char *path, const char *name, const char *file)
{
	snprintf(path, PATH_MAX, "%s/%s/%s",
		 strchr(name, ':') ? PCI_SYSFS : MDEV_SYSFS, name, file);
}

ssize_t libvfio_read_text(const char *path, char *buf, size_t len)
{
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, len - 1);
	if (n < 0)
		n = -errno;
	else
		buf[n] = '\0';
	close(fd);
	return n;
}

int sysfs_read_u64(const char *path, u64 *val)
{
	char buf[64], *end;
	int ret;

	ret = libvfio_read_text(path, buf, sizeof(buf));
	if (ret < 0)
		return ret;
	errno = 0;
	*val = strtoull(buf, &end, 0);
	return errno || end == buf ? -EINVAL : 0;
}

int sysfs_write_str(const char *path, const char *val)
{
	int fd, ret = 0;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, val, strlen(val)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

bool pci_dev_exists(const char *bdf)
{
	char path[PATH_MAX];

	dev_path(path, bdf, "config");
	return !access(path, F_OK);
}

int pci_dev_attr(const char *bdf, const char *name, u64 *val)
{
	char path[PATH_MAX];

	dev_path(path, bdf, name);
	return sysfs_read_u64(path, val);
}

int pci_dev_attr_text(const char *bdf, const char *name, char *buf, size_t len)
{
	char path[PATH_MAX];
	int ret;

	dev_path(path, bdf, name);
	ret = libvfio_read_text(path, buf, len);
	if (ret < 0)
		return ret;
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

int pci_dev_attr_write(const char *bdf, const char *name, const char *val)
{
	char path[PATH_MAX];

	dev_path(path, bdf, name);
	return sysfs_write_str(path, val);
}

int pci_dev_irq_count(const char *bdf, u64 *count)
{
	char line[512], *at, *end;
	u64 irq, n;
	int ret;
	FILE *f;

	ret = pci_dev_attr(bdf, "irq", &irq);
	if (ret)
		return ret;
	f = fopen("/proc/interrupts", "re");
	if (!f)
		return -errno;
	ret = -ENOENT;
	while (ret && fgets(line, sizeof(line), f)) {
		if (strtoull(line, &at, 10) != irq || *at != ':')
			continue;
		/* One column a processor, then words */
		for (*count = 0, at++; n = strtoull(at, &end, 10), end != at; at = end)
			*count += n;
		ret = 0;
	}
	fclose(f);
	return ret;
}

int pci_dev_resource(const char *bdf, unsigned int nr, struct pci_resource *r)
{
	unsigned long long start, end, flags;
	char path[PATH_MAX];
	int n = 0;
	FILE *f;

	dev_path(path, bdf, "resource");
	f = fopen(path, "re");
	if (!f)
		return -errno;
	do {
		n = fscanf(f, "%llx %llx %llx", &start, &end, &flags);
	} while (n == 3 && nr--);
	fclose(f);
	if (n != 3)
		return -ENOENT;
	*r = (struct pci_resource){ start, end, flags };
	return 0;
}

/* Last component of what the link @file of the device points at. */
static int link_name(const char *bdf, const char *file, char *name, size_t len)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *base;
	ssize_t n;

	dev_path(path, bdf, file);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	base = strrchr(target, '/');
	base = base ? base + 1 : target;
	return snprintf(name, len, "%s", base) < (int)len ? 0 : -ENAMETOOLONG;
}

int pci_dev_iommu_group(const char *bdf)
{
	char name[32];
	int ret;

	ret = link_name(bdf, "iommu_group", name, sizeof(name));
	return ret ? ret : atoi(name);
}

int pci_dev_driver(const char *bdf, char *name, size_t len)
{
	return link_name(bdf, "driver", name, len);
}

int pci_dev_unbind(const char *bdf)
{
	return pci_dev_attr_write(bdf, "driver/unbind", bdf);
}

/*
 * By the driver's own "bind": unlike the bus' drivers_probe it waits for a probe that
 * is under way.
 */
static int bind_once(const char *bdf, const char *driver)
{
	char now[64], path[PATH_MAX];
	int ret;

	if (!pci_dev_driver(bdf, now, sizeof(now))) {
		if (!strcmp(now, driver))
			return 0;
		ret = pci_dev_unbind(bdf);
		/* One that has refused the device may just have gone by itself */
		if (ret && ret != -ENODEV && ret != -ENOENT)
			return ret;
	}
	ret = pci_dev_attr_write(bdf, "driver_override", driver);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/bind", driver);
	/* A driver that refuses the device says why; that the device has none counts */
	sysfs_write_str(path, bdf);
	ret = pci_dev_driver(bdf, now, sizeof(now));
	if (ret)
		return ret;
	return strcmp(now, driver) ? -EBUSY : 0;
}

/*
 * A driver that probes asynchronously (nvme does) may take the device between
 * the look at it and the probe: take the device from that one, too.
 */
int pci_dev_bind(const char *bdf, const char *driver)
{
	int ret, tries;

	for (tries = 0; tries < 5; tries++) {
		ret = bind_once(bdf, driver);
		if (ret != -EBUSY)
			break;
	}
	return ret;
}

int pci_dev_release(const char *bdf)
{
	char now[64];
	int ret;

	if (!pci_dev_driver(bdf, now, sizeof(now))) {
		ret = pci_dev_unbind(bdf);
		if (ret)
			return ret;
	}
	ret = pci_dev_attr_write(bdf, "driver_override", "\n");
	if (ret)
		return ret;
	return sysfs_write_str("/sys/bus/pci/drivers_probe", bdf);
}

int pci_dev_numvfs(const char *bdf)
{
	u64 num;
	int ret;

	ret = pci_dev_attr(bdf, "sriov_numvfs", &num);
	return ret ? ret : (int)num;
}

int pci_dev_set_numvfs(const char *bdf, unsigned int num)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", num);
	return pci_dev_attr_write(bdf, "sriov_numvfs", text);
}

int pci_dev_vf(const char *bdf, unsigned int nth, char *vf)
{
	char link[32];

	snprintf(link, sizeof(link), "virtfn%u", nth);
	return link_name(bdf, link, vf, PCI_BDF_LEN);
}

int pci_dev_find(u16 vendor, u16 device, unsigned int nth, char *bdf)
{
	struct dirent **list;
	int i, n, ret = -ENODEV;
	u64 v, d;

	n = scandir(PCI_SYSFS, &list, NULL, alphasort);
	if (n < 0)
		return -errno;
	for (i = 0; i < n; i++) {
		const char *name = list[i]->d_name;

		if (!ret || name[0] == '.' ||
		    pci_dev_attr(name, "vendor", &v) || v != vendor ||
		    pci_dev_attr(name, "device", &d) || d != device || nth--)
			continue;
		ret = 0;
		snprintf(bdf, PCI_BDF_LEN, "%.15s", name);
	}
	for (i = 0; i < n; i++)
		free(list[i]);
	free(list);
	return ret;
}

int pci_dev_config_read(const char *bdf, u32 off, void *buf, size_t len)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	dev_path(path, bdf, "config");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = pread(fd, buf, len, off);
	if (n < 0)
		n = -errno;
	close(fd);
	return n;
}

int pci_dev_ids(const char *bdf, u32 *ids)
{
	u64 vendor, device;
	int ret;

	ret = pci_dev_attr(bdf, "vendor", &vendor);
	if (ret)
		return ret;
	ret = pci_dev_attr(bdf, "device", &device);
	if (ret)
		return ret;
	*ids = vendor | device << 16;
	return 0;
}

int pci_dev_answers(const char *bdf)
{
	u32 ids, want;
	int ret;

	ret = pci_dev_ids(bdf, &want);
	if (ret)
		return ret;
	ret = pci_dev_config_read(bdf, PCI_VENDOR_ID, &ids, sizeof(ids));
	if (ret < 0)
		return ret;
	return ret == sizeof(ids) && ids == want ? 0 : -EILSEQ;
}

int pci_dev_config_write(const char *bdf, u32 off, const void *buf, size_t len)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	dev_path(path, bdf, "config");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = pwrite(fd, buf, len, off);
	if (n < 0)
		n = -errno;
	close(fd);
	return n;
}
