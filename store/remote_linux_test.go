package store

import "testing"

func TestRemoteKind(t *testing.T) {
	for magic, want := range map[uint32]bool{0x6969: true, 0xFF534D42: true, 0x65735546: true, 0x01021997: true, 0xEF53: false, 0x01021994: false, 0x9123683E: false, 0x794C7630: false} {
		if got := remoteKind(magic); got != want { // NFS, CIFS, FUSE and 9P; ext4, tmpfs, btrfs and overlayfs
			t.Errorf("%#x: %v, want %v", magic, got, want)
		}
	}
}
