//go:build unix

package background

import "testing"

func TestDark(t *testing.T) {
	for in, want := range map[string][2]bool{
		"\x1b]11;rgb:1e1e/2020/2424\x07\x1b[?62;4c":  {true, true},
		"\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?1;2c": {false, true},
		"\x1b]11;rgb:fa/fa/fa\x07":                   {false, true},
		"k\x1b]11;rgb:0/0/0\x07":                     {true, true},
		"\x1b[?1;2c":                                 {false, false},
		"\x1b]11;rgb:zz/0/0\x07":                     {false, false},
		"\x1b]11;rgb:1/2":                            {false, false},
		"":                                           {false, false},
	} {
		if dark, ok := Dark([]byte(in)); dark != want[0] || ok != want[1] {
			t.Errorf("%q: dark %v, known %v", in, dark, ok)
		}
	}
}
