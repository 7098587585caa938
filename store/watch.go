package store

import (
	"time"

	"github.com/fsnotify/fsnotify"
)

// A watcher wakes a Follow when something happens to its files. Where the system cannot tell (a network file system, too many folders), it
// wakes at short intervals instead; where it can, it still does at long ones, for it may miss what happens on other machines.
type watcher struct {
	notify  *fsnotify.Watcher // nil: polling only
	folders map[string]bool
	blind   bool // some folder cannot be watched
}

// The intervals at which files are looked at without a notice.
const (
	pollBlind = 500 * time.Millisecond
	pollSafe  = 5 * time.Second

	searchBlind = 10 * time.Second // between two searches for new files without a notice
	searchSafe  = time.Minute
)

func newWatcher() *watcher {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		n = nil
	}
	return &watcher{notify: n, folders: map[string]bool{}, blind: n == nil}
}

func (w *watcher) close() {
	if w.notify != nil {
		w.notify.Close()
	}
}

// add watches folders, in which files that are replaced or come later are seen. It says whether one of them was not watched before.
func (w *watcher) add(dirs []string) (news bool) {
	for _, dir := range dirs {
		if w.folders[dir] {
			continue
		}
		w.folders[dir], news = true, true
		if w.notify == nil || w.notify.Add(dir) != nil || remote(dir) {
			w.blind = true
		}
	}
	return news
}

// removed forgets a folder that is gone: another one may come in its place.
func (w *watcher) removed(path string) { delete(w.folders, path) }

// interval is how long to wait for a notice.
func (w *watcher) interval() time.Duration {
	if w.blind {
		return pollBlind
	}
	return pollSafe
}

// search is how long new files may stay unnoticed.
func (w *watcher) search() time.Duration {
	if w.blind {
		return searchBlind
	}
	return searchSafe
}

// events is the channel of notices; nil, which never brings one, where there are none.
func (w *watcher) events() <-chan fsnotify.Event {
	if w.notify == nil {
		return nil
	}
	return w.notify.Events
}

func (w *watcher) errors() <-chan error {
	if w.notify == nil {
		return nil
	}
	return w.notify.Errors
}
