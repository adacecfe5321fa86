// Package rank finds the central sentences of a text (LexRank: a sentence is
// central when it is similar to many central sentences) and its key terms.
package rank

import (
	"math"
	"slices"
	"strings"

	"github.com/kljensen/snowball"

	"github.com/studycast/studycast/core/lesson/script/internal/prose"
)

// common is the number of sentences above which a term no longer tells two of
// them apart; it also bounds the work on long texts.
const common = 120

// Index holds the sentences of a text as weighted stems.
type Index struct {
	vectors []vector
	posting map[int][]int // stem to the sentences that hold it
}

type vector struct {
	stems   []int // sorted
	weights []float64
}

var stemmers = map[string]string{"en": "english", "fr": "french", "es": "spanish", "sv": "swedish", "no": "norwegian", "nb": "norwegian", "ru": "russian", "hu": "hungarian"}

// Stemmer reduces the words of one language to stems. It is not safe for use
// by several goroutines.
type Stemmer struct {
	lang  *prose.Lang
	name  string
	cache map[string]string
}

// NewStemmer returns a stemmer for l. Languages without rules of their own
// keep the first eight letters of a word.
func NewStemmer(l *prose.Lang) *Stemmer {
	return &Stemmer{lang: l, name: stemmers[l.Tag], cache: map[string]string{}}
}

// Stems returns the stems of the topic words of s.
func (t *Stemmer) Stems(s string) []string {
	words := prose.Words(s)
	stems := words[:0]
	for _, w := range words {
		if !t.lang.Stop(w) {
			stems = append(stems, t.stem(w))
		}
	}
	return stems
}

func (t *Stemmer) stem(w string) string {
	if s, ok := t.cache[w]; ok {
		return s
	}
	s := strings.TrimSuffix(w, "'s")
	if t.name != "" && len(w) < 40 {
		if st, err := snowball.Stem(s, t.name, false); err == nil && st != "" {
			s = st
		}
	} else if r := []rune(s); len(r) > 8 {
		s = string(r[:8])
	}
	t.cache[w] = s
	return s
}

// New indexes sentences given as their stems.
func New(sentences [][]string) *Index {
	ids, df := map[string]int{}, []int{}
	counts := make([]map[int]int, len(sentences))
	for i, stems := range sentences {
		counts[i] = map[int]int{}
		for _, s := range stems {
			id, ok := ids[s]
			if !ok {
				id = len(df)
				ids[s] = id
				df = append(df, 0)
			}
			if counts[i][id] == 0 {
				df[id]++
			}
			counts[i][id]++
		}
	}
	x := &Index{vectors: make([]vector, len(sentences)), posting: map[int][]int{}}
	for i, c := range counts {
		x.vectors[i] = weigh(c, df, len(sentences))
		for _, id := range x.vectors[i].stems {
			x.posting[id] = append(x.posting[id], i)
		}
	}
	return x
}

func weigh(counts map[int]int, df []int, n int) vector {
	var v vector
	for id := range counts {
		v.stems = append(v.stems, id)
	}
	slices.Sort(v.stems)
	sum := 0.0
	v.weights = make([]float64, len(v.stems))
	for i, id := range v.stems {
		w := float64(counts[id]) * math.Log(1+float64(n)/float64(df[id]))
		v.weights[i] = w
		sum += w * w
	}
	for i := range v.weights {
		v.weights[i] /= math.Sqrt(sum)
	}
	return v
}

// Similarity returns the cosine of sentences i and j, 0 to 1.
func (x *Index) Similarity(i, j int) float64 {
	a, b := x.vectors[i], x.vectors[j]
	sum := 0.0
	for p, q := 0, 0; p < len(a.stems) && q < len(b.stems); {
		switch {
		case a.stems[p] < b.stems[q]:
			p++
		case a.stems[p] > b.stems[q]:
			q++
		default:
			sum += a.weights[p] * b.weights[q]
			p++
			q++
		}
	}
	return sum
}

type edge struct {
	to     int
	weight float64
}

// Centrality returns how central each sentence is; the most central has 1.
func (x *Index) Centrality() []float64 {
	n := len(x.vectors)
	edges, degree := x.edges()
	score := make([]float64, n)
	for i := range score {
		score[i] = 1
	}
	const damping, rounds = 0.85, 20
	for range rounds {
		next := make([]float64, n)
		for i := range next {
			next[i] = 1 - damping
			for _, e := range edges[i] {
				next[i] += damping * score[e.to] * e.weight / degree[e.to]
			}
		}
		score = next
	}
	top := 0.0
	for _, s := range score {
		top = max(top, s)
	}
	for i := range score {
		score[i] /= max(top, 1e-9)
	}
	return score
}

// edges links sentences that are similar enough. Both ends hold the link.
func (x *Index) edges() ([][]edge, []float64) {
	const threshold = 0.08
	n := len(x.vectors)
	edges, degree := make([][]edge, n), make([]float64, n)
	sums := make([]float64, n)
	var touched []int
	for i, v := range x.vectors {
		touched = touched[:0]
		for p, id := range v.stems {
			if len(x.posting[id]) > common {
				continue
			}
			for _, j := range x.posting[id] {
				if j <= i {
					continue
				}
				if sums[j] == 0 {
					touched = append(touched, j)
				}
				sums[j] += v.weights[p] * x.weight(j, id)
			}
		}
		slices.Sort(touched)
		for _, j := range touched {
			if sums[j] > threshold {
				edges[i] = append(edges[i], edge{j, sums[j]})
				edges[j] = append(edges[j], edge{i, sums[j]})
				degree[i] += sums[j]
				degree[j] += sums[j]
			}
			sums[j] = 0
		}
	}
	return edges, degree
}

func (x *Index) weight(i, id int) float64 {
	v := x.vectors[i]
	p, _ := slices.BinarySearch(v.stems, id)
	return v.weights[p]
}
