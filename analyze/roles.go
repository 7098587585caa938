package analyze

import (
	"strings"
	"unicode"

	"costscope/tracefmt"
)

// A Role is what an agent is for (analysis-spec G.1).
type Role uint8

const (
	RoleExecutor Role = iota // does the work
	RolePlanner
	RoleValidator
	RoleMonitor
	Roles
)

var roleNames = [Roles]string{"executor", "planner", "validator", "monitor"}

func (r Role) String() string { return roleNames[r] }

// A RolePattern says which role agents have whose name holds one of the words. A star at the end or the beginning of a word stands for any
// letters. Without stars "log" would make monitors of catalog and login agents, "eval" validators of retrieval.
type RolePattern struct {
	Role  Role
	Words string
}

// DefaultRoles are tried in order.
func DefaultRoles() []RolePattern {
	return []RolePattern{
		{RolePlanner, "plan* *planner route* *router routing orchestrat* *orchestrator"},
		{RoleValidator, "review* *reviewer critic* *critic valid* *validator judge* *judge guard* *guard eval* *evaluator"},
		{RoleMonitor, "monitor* *monitor observ* *observer log logs logger logging"},
	}
}

// matchRole is the role of the first pattern with a word of the name.
func matchRole(patterns []RolePattern, name string) (Role, bool) {
	words := wordsOf(name)
	for _, p := range patterns {
		for _, pattern := range strings.Fields(p.Words) {
			for _, w := range words {
				if starMatch(pattern, w) {
					return p.Role, true
				}
			}
		}
	}
	return RoleExecutor, false
}

func starMatch(pattern, word string) bool {
	core := strings.Trim(pattern, "*")
	front, back := strings.HasPrefix(pattern, "*"), strings.HasSuffix(pattern, "*")
	switch {
	case core == "":
		return false
	case front && back:
		return strings.Contains(word, core)
	case front:
		return strings.HasSuffix(word, core)
	case back:
		return strings.HasPrefix(word, core)
	}
	return word == core
}

// wordsOf cuts a name where letters end and where a capital follows a small letter; the words are in small letters.
func wordsOf(name string) (words []string) {
	word, small := []rune(nil), false
	flush := func() {
		if len(word) > 0 {
			words = append(words, string(word))
		}
		word = word[:0]
	}
	for _, r := range name {
		if !unicode.IsLetter(r) || small && unicode.IsUpper(r) {
			flush()
		}
		if small = unicode.IsLower(r); unicode.IsLetter(r) {
			word = append(word, unicode.ToLower(r))
		}
	}
	flush()
	return words
}

// What a name says, remembered by its number: a role as one of its own words, a role by pattern, recovery as a tag.
const (
	saysAsked = 1 << iota // the name was looked at
	saysRole              // it is a role itself
	saysMatch             // a pattern finds a role in it
	saysStage             // as a set of tags: stage = error_handling
	saysShift = iota      // the role stands above
)

// A roleBook tells the roles of agents. It remembers what each name says.
type roleBook struct {
	names    *tracefmt.Names
	patterns []RolePattern
	says     []uint8 // by Sym
}

func (b *roleBook) of(y tracefmt.Sym) uint8 {
	if y == 0 {
		return 0
	}
	if int(y) < len(b.says) && b.says[y] != 0 {
		return b.says[y]
	}
	if int(y) >= len(b.says) {
		b.says = append(b.says, make([]uint8, max(int(y)+1, b.names.Len())-len(b.says))...)
	}
	b.says[y] = b.ask(b.names.Name(y))
	return b.says[y]
}

func (b *roleBook) ask(name string) uint8 {
	says := uint8(saysAsked)
	for key, value := range tracefmt.TagPairs(name) {
		if key == "stage" && strings.EqualFold(value, "error_handling") {
			says |= saysStage
		}
	}
	for r, n := range roleNames {
		if strings.EqualFold(name, n) {
			return says | saysRole | uint8(r)<<saysShift
		}
	}
	if r, ok := matchRole(b.patterns, name); ok {
		says |= saysMatch | uint8(r)<<saysShift
	}
	return says
}

// role is the role of the agent that made a call: as stated, else by what the statement or the name of the agent says, else by the kind of
// the call, else an executor's. inferred: it is not stated.
func (b *roleBook) role(c *tracefmt.Call) (r Role, inferred bool) {
	stated := b.of(c.Role)
	switch {
	case stated&saysRole != 0:
		return Role(stated >> saysShift), false
	case stated&saysMatch != 0:
		return Role(stated >> saysShift), true
	}
	if agent := b.of(c.Agent); agent&(saysRole|saysMatch) != 0 {
		return Role(agent >> saysShift), true
	}
	if c.Kind == tracefmt.KindGuardrail || c.Kind == tracefmt.KindEvaluator {
		return RoleValidator, true
	}
	return RoleExecutor, true
}

// duty is the role of the agent that made a call; -1 for people and error handling.
func (b *roleBook) duty(c *tracefmt.Call) int64 {
	if c.Kind == tracefmt.KindHuman || b.recovers(c) {
		return -1
	}
	r, _ := b.role(c)
	return int64(r)
}

// recovers says that a call is tagged as error handling.
func (b *roleBook) recovers(c *tracefmt.Call) bool { return b.of(c.Tags)&saysStage != 0 }
