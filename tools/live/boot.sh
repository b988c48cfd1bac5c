#!/bin/sh
# Boots the Debian below $1 with its own systemd in namespaces of its own; $2 holds what a driver would show in /proc and /sys.
set -e
R=$1
F=$2
mount --make-rprivate /
mount --bind "$R" "$R"
mount -t proc proc "$R/proc"
mount -t sysfs sysfs "$R/sys"
mount -t cgroup2 cgroup2 "$R/sys/fs/cgroup"
for d in run tmp dev; do mount -t tmpfs tmpfs "$R/$d"; done
for d in null zero full random urandom tty; do cp -a "/dev/$d" "$R/dev/"; done
mkdir -p "$R/dev/pts" "$R/dev/shm"
mount -t devpts devpts "$R/dev/pts" -o newinstance,ptmxmode=0666
ln -s pts/ptmx "$R/dev/ptmx"
ln -s /proc/self/fd "$R/dev/fd"
mount -t tmpfs tmpfs "$R/dev/shm"
mount -t tmpfs tmpfs "$R/proc/driver"
cp -r "$F/driver" "$R/proc/driver/nvidia"
mount --bind "$F/devices" "$R/proc/devices"
mount --bind "$F/module" "$R/sys/module"
mknod -m 666 "$R/dev/nvidia0" c 195 0
mknod -m 666 "$R/dev/nvidiactl" c 195 255
mknod -m 666 "$R/dev/nvidia-modeset" c 195 254
mknod -m 666 "$R/dev/nvidia-uvm" c 508 0
mknod -m 666 "$R/dev/nvidia-uvm-tools" c 508 1
cd "$R"
mkdir -p old
# A chroot would not do: whoever joins the mount namespace of a container would land outside of it.
pivot_root . old
umount -l /old
exec env -i container=docker PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
