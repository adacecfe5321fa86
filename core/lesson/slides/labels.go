package slides

import "fmt"

// labels are the few words that the slides add to the script.
type labels struct {
	part   string // format with two numbers
	agenda string
	recap  string
	check  string
	source string
	figure string
}

// labelsByLanguage is keyed by BCP 47 primary tag; English stands in for the rest.
var labelsByLanguage = map[string]labels{
	"en": {"Part %d of %d", "In this lesson", "Recap", "Check yourself", "Source: %s", "Figure from the page"},
	"de": {"Teil %d von %d", "In dieser Lektion", "Rückblick", "Prüfe dich selbst", "Quelle: %s", "Abbildung von der Seite"},
	"fr": {"Partie %d sur %d", "Dans cette leçon", "Récapitulatif", "Vérifiez vos acquis", "Source : %s", "Figure de la page"},
	"es": {"Parte %d de %d", "En esta lección", "Resumen", "Compruébalo", "Fuente: %s", "Figura de la página"},
	"it": {"Parte %d di %d", "In questa lezione", "Riepilogo", "Verifica", "Fonte: %s", "Figura della pagina"},
	"pt": {"Parte %d de %d", "Nesta lição", "Resumo", "Verifique", "Fonte: %s", "Figura da página"},
	"nl": {"Deel %d van %d", "In deze les", "Samenvatting", "Test jezelf", "Bron: %s", "Figuur van de pagina"},
	"pl": {"Część %d z %d", "W tej lekcji", "Podsumowanie", "Sprawdź się", "Źródło: %s", "Rysunek ze strony"},
	"ru": {"Часть %d из %d", "В этом уроке", "Итоги", "Проверьте себя", "Источник: %s", "Рисунок со страницы"},
	"uk": {"Частина %d з %d", "У цьому уроці", "Підсумок", "Перевірте себе", "Джерело: %s", "Рисунок зі сторінки"},
	"el": {"Μέρος %d από %d", "Σε αυτό το μάθημα", "Σύνοψη", "Ελέγξτε τις γνώσεις σας", "Πηγή: %s", "Εικόνα από τη σελίδα"},
}

func labelsOf(language string) labels {
	if len(language) >= 2 {
		if l, ok := labelsByLanguage[language[:2]]; ok {
			return l
		}
	}
	return labelsByLanguage["en"]
}

func (l labels) partOf(n, all int) string    { return fmt.Sprintf(l.part, n, all) }
func (l labels) sourceOf(site string) string { return fmt.Sprintf(l.source, site) }
