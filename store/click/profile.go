package click

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"costscope/tracefmt"
)

// A profile says how the tables of another program are read as calls. Nothing is created for it: its text stands inside every question.
type profile struct {
	name     string
	title    string
	tables   []string                          // the names of the table of calls, the better one first
	beside   []string                          // other tables that it reads
	by       []string                          // columns of the table of calls that tell it from other schemas
	types    map[string]string                 // how the types of some of them begin
	tenant   string                            // the column of who the calls belong to, where a table holds those of several
	lacks    []string                          // what the schema does not record, of "attempts" and "outcomes"
	format   uint8                             // of the lines that a run is read from
	unsummed bool                              // the engine adds nothing up: its runs are read themselves, however many
	plain    func(line string) (string, error) // makes such a line of what the engine returns; nil where it is one
	spans    func(r *detected) spans           // how rows become spans
}

// spans is how the rows of a schema become spans of the normal form.
type spans struct {
	from   string            // what stands after FROM, without duplicates
	is     string            // which rows are meant
	run    string            // the run of a row
	time   string            // its start, as nanoseconds
	bound  string            // a condition that prunes by time: %d and %d are nanoseconds
	lets   []string          // expressions with names that fields use, by levels
	fields map[string]string // the rest, by name of spanColumns
	lines  []string          // questions for the lines of runs, see lineQuery
	id     string            // what makes a row the only one of its span; "" where the engine removes duplicates
}

// profiles are the schemas that costscope knows, its own aside.
var profiles = []*profile{&otelMap, &otelJSON, &signoz, &langfuseTables, &heliconeTable}

// A detected is a profile as it was found in a database.
type detected struct {
	*profile
	db      string
	table   string            // of calls
	kinds   map[string]string // types of its columns, by name
	project string            // the tenant that is read; "" where there are none
}

func (r *detected) at(table string) string { return named(r.db, table) }

// has says that the table of calls has a column.
func (r *detected) has(column string) bool { return r.kinds[column] != "" }

// found are the tables of a database with their columns.
func (c *Client) found(ctx context.Context) (map[string]map[string]string, error) {
	r, err := c.Query(ctx, "SELECT table AS q_t, name AS q_n, type AS q_k FROM system.columns WHERE database = "+quote(c.at.Database))
	if err != nil {
		return nil, err
	}
	all := map[string]map[string]string{}
	for r.Next() {
		t := r.Text(0)
		if all[t] == nil {
			all[t] = map[string]string{}
		}
		all[t][r.Text(1)] = r.Text(2)
	}
	return all, r.Err()
}

// detect finds the profile that a database is to be read with; nil for the canonical tables.
func (c *Client) detect(ctx context.Context) (*detected, error) {
	all, err := c.found(ctx)
	if err != nil {
		return nil, err
	}
	if own := all[callsTable] != nil || all[runsTable] != nil; own && c.at.Profile == "" && c.at.Table == "" || c.at.Profile == "costscope" {
		return nil, nil
	}
	if c.at.Profile != "" && !slices.ContainsFunc(profiles, func(p *profile) bool { return p.name == c.at.Profile }) {
		return nil, fmt.Errorf("%s: there is no profile %q, only costscope, %s", c.at, c.at.Profile, strings.Join(profileNames(profiles), ", "))
	}
	var fits []*detected
	for _, p := range profiles {
		if c.at.Profile == "" || c.at.Profile == p.name {
			fits = append(fits, p.in(c.at, all)...)
		}
	}
	if len(fits) != 1 {
		return nil, c.undecided(all, fits)
	}
	return fits[0], nil
}

// in finds the tables that a profile reads.
func (p *profile) in(at *Address, all map[string]map[string]string) []*detected {
	names := p.tables
	if at.Table != "" {
		names = []string{at.Table}
	}
	for _, t := range names {
		if p.fits(all[t]) && !slices.ContainsFunc(p.beside, func(b string) bool { return all[b] == nil }) {
			return []*detected{{profile: p, db: at.Database, table: t, kinds: all[t], project: at.Project}}
		}
	}
	return nil
}

func (p *profile) fits(kinds map[string]string) bool {
	for _, col := range p.by {
		if kind, ok := kinds[col]; !ok || !strings.HasPrefix(kind, p.types[col]) {
			return false
		}
	}
	return true
}

func profileNames(list []*profile) (names []string) {
	for _, p := range list {
		names = append(names, p.name)
	}
	return names
}

// undecided says why no profile, or not just one, can be chosen.
func (c *Client) undecided(all map[string]map[string]string, fits []*detected) error {
	if len(fits) > 1 {
		var names []string
		for _, r := range fits {
			names = append(names, r.table+" ("+r.name+")")
		}
		return fmt.Errorf("%s holds several tables of calls: %s; ?profile= in the address says which one is meant", c.at, strings.Join(names, ", "))
	}
	var names []string
	for t := range all {
		names = append(names, t)
	}
	slices.Sort(names)
	what := "has no tables, or none that this account may see"
	if len(names) > 0 {
		what = "has " + strings.Join(firstFew(names, 12), ", ")
	}
	return fmt.Errorf("%s: no schema that costscope reads (its own, %s); the database %s; another database may be meant: %sHOST/DATABASE, ?table= names a table of calls, 'costscope engine ddl' prints costscope's own",
		c.at, strings.Join(profileNames(profiles), ", "), what, Scheme)
}

func firstFew(list []string, n int) []string {
	if len(list) > n {
		return append(slices.Clip(list[:n]), fmt.Sprintf("and %d more", len(list)-n))
	}
	return list
}

var errNoMaps = errors.New("the tables of other programs need an engine with maps: ClickHouse 21 or later")

// kindSQL is the kind of a span by the word of an attribute; an empty text where it has none.
func kindSQL(value string, words map[string]tracefmt.Kind) string {
	var from, to []string
	for w := range words {
		if words[w] != tracefmt.KindUnknown {
			from = append(from, w)
		}
	}
	slices.Sort(from)
	for i, w := range from {
		to, from[i] = append(to, quote(words[w].String())), quote(w)
	}
	return "transform(lower(" + value + "), " + array(from) + ", " + array(to) + ", '')"
}

func array(list []string) string { return "[" + strings.Join(list, ", ") + "]" }

// firstText is the first of some texts that says something.
func firstText(list ...string) string {
	if len(list) == 1 {
		return list[0]
	}
	return "arrayFirst(x -> x != '', " + array(list) + ")"
}

// oneTenant makes sure that only one tenant's calls are read: those of several are never added up.
func (c *Client) oneTenant(ctx context.Context, r *detected) error {
	if r.tenant == "" {
		return nil
	}
	rows, err := c.Query(ctx, "SELECT DISTINCT toString("+r.tenant+") AS q_t FROM "+r.at(r.table)+" ORDER BY q_t LIMIT 100")
	if err != nil {
		return err
	}
	var names []string
	for rows.Next() {
		names = append(names, rows.Text(0))
	}
	switch {
	case rows.Err() != nil:
		return rows.Err()
	case r.project != "" && !slices.Contains(names, r.project) && len(names) < 100:
		return fmt.Errorf("%s has no calls of the project %q, only of %s", r.table, r.project, strings.Join(firstFew(names, 20), ", "))
	case r.project == "" && len(names) > 1:
		return fmt.Errorf("%s holds the calls of several projects, which are never added up: ?project= in the address names one of %s", r.table, strings.Join(firstFew(names, 20), ", "))
	case r.project == "" && len(names) == 1:
		r.project = names[0]
	}
	return nil
}

// mine is the condition on the rows of the tenant that is read.
func (r *detected) mine() string { return "toString(" + r.tenant + ") = " + quote(r.project) }
