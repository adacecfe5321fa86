package prose

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBullet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"A virus carries hundreds of antigens on its surface.", "A virus carries hundreds of antigens on its surface"},
		{"However, herd immunity breaks down when vaccination rates fall.", "Herd immunity breaks down when vaccination rates fall"},
		{"The old town stands on a chalk cliff, while the docks occupy the flat eastern bank of the river.", "The old town stands on a chalk cliff"},
		{"Side effects such as a sore arm are common, but they usually pass within a few days.", "Side effects such as a sore arm are common"},
		{"In 1898, a fire destroyed most of the wooden houses that stood near the eastern docks.", "A fire destroyed most of the wooden houses that stood near the eastern docks"},
		{"The shipyard, which had employed half of the town for three generations, closed in 1986.", "The shipyard closed in 1986"},
		{"Writers block other writers of the same row in the table, and the server detects every deadlock.", "Writers block other writers of the same row in the table"},
		// A condition is part of the claim and stays.
		{"If a transaction fails for any reason at all, every change that it made is rolled back by the server.", ""},
		// A negated clause means something else when its reason is cut off.
		{"The council did not close the bridge because of the cracks that engineers had found in May.", ""},
		// It points back to another sentence.
		{"It contains a harmless piece of the germ.", ""},
		{"The first vaccine against smallpox, which an English doctor had tested on a boy, was safe.", "The first vaccine against smallpox was safe"},
		{"This difference in pull from one side to the other is called the tidal force.", "The tidal force: difference in pull from one side to the other"},
		{"Is this the whole story?", ""},
		{"Words without any verb", ""},
	} {
		got, ok := For("en").Bullet(c.in, 76)
		require.Equal(t, c.want, got, c.in)
		require.Equal(t, c.want != "", ok)
	}
}

func TestBulletInOtherLanguages(t *testing.T) {
	t.Parallel()
	for tag, c := range map[string][2]string{
		"de": {"Der Mond zieht das Wasser an, weil seine Schwerkraft auf die ganze Erde wirkt.", "Der Mond zieht das Wasser an"},
		"fr": {"La ville produit beaucoup de vin, qui est vendu dans le monde entier depuis des siècles.", "La ville produit beaucoup de vin"},
		"es": {"El puerto recibe muchos barcos, porque está protegido del viento por las montañas.", "El puerto recibe muchos barcos"},
		"fi": {"Kaupunki on vanha.", ""},
	} {
		got, _ := For(tag).Bullet(c[0], 60)
		require.Equal(t, c[1], got, tag)
	}
}

func TestSpeakable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Cells check every shape [3][citation needed] that they meet.": "Cells check every shape that they meet.",
		"The system (see Figure 2) is old .":                           "The system is old.",
		"Multiversion concurrency control (MVCC) is old.":              "Multiversion concurrency control (MVCC) is old.",
		"Use `sorted()` to sort\u00a0a list.":                          "Use sorted to sort a list.",
		"Smile \U0001F600 now.":                                        "Smile now.",
		"Note: locks are held.":                                        "Locks are held.",
		"See https://example.org for more.":                            "",
		"An open (bracket never closes.":                               "",
		"It goes on…":                                                  "",
	} {
		got, ok := Speakable(in)
		if want == "" {
			require.False(t, ok, in)
			continue
		}
		require.True(t, ok, in)
		require.Equal(t, want, got)
	}
}

func TestNeedsContext(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"It grows fast.":                                      true,
		"This is why a second dose helps.":                    true,
		"All told, it's a neat narrative.":                    true,
		"In 1998 he moved to Paris.":                          true,
		"After a few years, she left her job.":                true,
		"For example, lists are mutable.":                     true,
		"It is important to wash your hands.":                 false,
		"When a transaction fails, it is rolled back.":        false,
		"The database and its users agree.":                   false,
		"Marie Curie shared the prize with her husband.":      false,
		"There are three kinds of lock.":                      false,
		"Vaccines train the immune system before it is ill.":  false,
		"The Sun raises tides as well.":                       true,
		"The Moon therefore pulls hardest on the near ocean.": true,
		"Other places hardly have a tide at all.":             true,
		"Between the two bulges the water is drawn away.":     true,
		"Spring tides such as this one are high.":             false,
	} {
		require.Equal(t, want, For("en").NeedsContext(s), s)
	}
}

func TestDefine(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"A deadlock is a cycle of transactions that wait for each other.": "A deadlock",
		"Vaccines are preparations that train the immune system.":         "Vaccines",
		"There is a problem with every system of this kind.":              "",
		"The reason is a lack of money in the city.":                      "",
		"It is a kind of lock that is shared.":                            "",
		"Any X that is a lock can be held by two people.":                 "",
		"Vaccines are given to children in most countries.":               "",
		"This difference in pull is called the tidal force.":              "the tidal force",
		"This method is called harmonic analysis, and it is old.":         "harmonic analysis",
		"The handler is called once for each request that comes in.":      "",
		"The weather is the part that no table can know.":                 "",
	} {
		got, _ := For("en").Define(s)
		require.Equal(t, want, got.Term, s)
	}
}

func TestInside(t *testing.T) {
	t.Parallel()
	c := NewCasing()
	c.See("They say that Port Alder and the isolation of transactions in PostgreSQL matter to Jenner.")
	for in, want := range map[string]string{
		"Q & A":                        "Q & A",
		"Transaction Isolation Levels": "transaction isolation levels",
		"Isolation in PostgreSQL":      "isolation in PostgreSQL",
		"Port Alder":                   "Port Alder",
		"Jenner":                       "Jenner",
		"MVCC basics":                  "MVCC basics",
		"How It Works":                 "how it works",
	} {
		require.Equal(t, want, c.Inside(For("en"), in))
	}
}

func TestGuess(t *testing.T) {
	t.Parallel()
	require.Equal(t, "en", Guess("The cat sat on the mat and it was happy."))
	require.Equal(t, "de", Guess("Die Katze saß auf der Matte und sie war nicht traurig."))
	require.Equal(t, "", Guess("Kissa istui matolla ja oli iloinen."))
}

func TestStatement(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"Tides come from a difference in pull":      true,
		"The Earth turns under the bulges":          true,
		"The shape of the coast decides the height": true,
		"Tides slow the Earth down":                 true,
		"Mussels close their shells":                true,
		"Vaccines are safe":                         true,
		"Spring tides and neap tides":               false,
		"Life between high and low water":           false,
		"Transaction isolation levels":              false,
		"Installing the server":                     false,
		"Systems design":                            false,
		"Early settlement":                          false,
	} {
		require.Equal(t, want, Statement(Words(s)), s)
	}
}

func TestWhy(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"That is why high water comes about 50 minutes later every day.":                          "Why does high water come about 50 minutes later every day?",
		"Neap tides bring a small range, because the two bulges partly cancel each other.":        "Why do neap tides bring a small range?",
		"The day is longer because friction slows the Earth.":                                     "Why is the day longer?",
		"A bay has a strong tide because every tide adds a push.":                                 "Why does a bay have a strong tide?",
		"It is small because it is far away.":                                                     "",
		"The road was not closed because of snow.":                                                "",
		"Tourism has become the second largest employer, because cruise ships call at the docks.": "",
	} {
		got, _ := For("en").Why(s, Lower)
		require.Equal(t, want, got, s)
	}
}

func TestTopic(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"Spring tides bring the highest high water.":        "Spring tides",
		"The tidal day is 24 hours and 50 minutes long.":    "The tidal day",
		"Large ships wait for high water.":                  "Large ships",
		"Most coasts pass through a bulge in one turn.":     "",
		"It is one of the harshest places to live.":         "",
		"Friction between the tide and the floor is small.": "",
		"Moving so much water costs energy.":                "",
	} {
		got, _ := For("en").Topic(s)
		require.Equal(t, want, got.Term, s)
	}
}
