package rabbitbroker

// Crash ends the connections as the death of the process would, and then
// everything else.
func (b *Broker) Crash() {
	b.mu.Lock()
	links := []*link{b.control, b.publisher}
	for c := range b.consumers {
		links = append(links, c.link)
	}
	b.mu.Unlock()
	for _, l := range links {
		l.end()
		l.mu.Lock()
		s := l.session
		l.mu.Unlock()
		if s != nil {
			s.kill()
		}
	}
}

// Lose cuts the connections; the broker makes new ones.
func (b *Broker) Lose() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.consumers {
		if s, err := c.link.current(); err == nil {
			s.kill()
		}
	}
}
