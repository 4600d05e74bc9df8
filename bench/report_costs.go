package main

import "fmt"

// cpu is the table of CPU time.
func (r *results) cpu(workers int) string {
	systems := r.measured()
	t := table{head: append(append([]string{"operation"}, systems...), "client")}
	for _, op := range operations() {
		if op.once {
			continue
		}
		line := []string{op.title}
		for _, system := range systems {
			server := r.spread(op.name, system, workers, func(c cell) float64 { return c.ServerCPU }).median
			database := r.spread(op.name, system, workers, func(c cell) float64 { return c.DatabaseCPU }).median
			line = append(line, sum(server, database))
		}
		client := r.spread(op.name, "authkit-postgres", workers, func(c cell) float64 { return c.ClientCPU }).median
		t.rows = append(t.rows, append(line, number(client)))
	}
	return t.String()
}

// sum shows both parts, or the one that there is.
func sum(server, database float64) string {
	if database == 0 {
		return number(server)
	}
	return number(server) + " + " + number(database)
}

// latency is the table of the times of requests.
func (r *results) latency(workers int) string {
	systems := r.measured()
	t := table{head: append([]string{"operation"}, systems...)}
	for _, op := range operations() {
		if op.once {
			continue
		}
		line := []string{op.title}
		for _, system := range systems {
			half := r.spread(op.name, system, workers, func(c cell) float64 { return c.P50 }).median
			most := r.spread(op.name, system, workers, func(c cell) float64 { return c.P99 }).median
			if half == 0 {
				line = append(line, "–")
				continue
			}
			line = append(line, number(half)+", "+number(most))
		}
		t.rows = append(t.rows, line)
	}
	return t.String()
}

// raw is the table of raw costs.
func (r *results) raw() string {
	t := table{head: []string{"cost", "µs", "a second"}}
	for _, name := range rawNames() {
		if us := r.Raw[name]; us > 0 {
			t.rows = append(t.rows, []string{name, fmt.Sprintf("%.1f", us), number(1e6 / us)})
		}
	}
	return t.String()
}
