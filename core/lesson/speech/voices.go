package speech

import (
	"strings"

	"github.com/studycast/studycast/core/lesson"
	"github.com/studycast/studycast/core/lesson/voice"
)

// row is one row of the table of voices: what each engine calls it.
type row struct {
	flite  string // Debian's flite, English only
	espeak string // variant of the voice of any language
	remote string // default for an OpenAI-compatible endpoint
}

// voices are those of package voice that are the product's. rms is the clearest
// of flite; slt is its only woman; none of them may be slowed or pitched.
var voices = map[string]row{
	"ada": {flite: "slt", espeak: "f3", remote: "nova"},
	"ben": {flite: "rms", espeak: "m3", remote: "onyx"},
	"cal": {flite: "awb", espeak: "m7", remote: "fable"},
}

// Voices returns the names of the voices that every engine has.
func Voices() []string { return voice.Product() }

// understudies gives every speaker whose voice is not the product's one that is,
// and no two the same while there are enough.
func understudies(speakers []lesson.Speaker) []string {
	names := make([]string, len(speakers))
	taken := map[string]bool{}
	for i, s := range speakers {
		if _, ok := voices[s.Voice]; ok {
			names[i], taken[s.Voice] = s.Voice, true
		}
	}
	usual := voice.Default(len(speakers))
	for i := range names {
		if names[i] != "" {
			continue
		}
		names[i] = usual[i%len(usual)]
		for _, n := range append([]string{names[i]}, voice.Product()...) {
			if !taken[n] {
				names[i] = n
				break
			}
		}
		taken[names[i]] = true
	}
	return names
}

const english = "en"

// espeakLanguages are the languages of Debian's espeak-ng by primary tag, with
// its own name where that differs.
var espeakLanguages = func() map[string]string {
	m := map[string]string{"en": "en-us", "zh": "cmn", "no": "nb", "nn": "nb", "iw": "he", "in": "id", "tl": "id", "pt": "pt-br", "vi": "vi", "fr": "fr-fr"}
	for _, l := range strings.Fields(`af am an ar as az ba be bg bn bs ca cs cv cy da de el eo es et eu fa fi ga gd gn gu
		haw he hi hr ht hu hy ia id io is it ja ka kk kl kn ko ku ky la lb lt lv mi mk ml mr ms mt my nb ne nl
		om or pa pl qu ro ru sd si sk sl sq sr sv sw ta te th tk tn tr tt ug uk ur uz`) {
		m[l] = l
	}
	return m
}()

// spoken returns the primary tag of a BCP 47 language in lower case, and
// English for one that no offline voice knows.
func spoken(language string) string {
	tag, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(strings.TrimSpace(language), "_", "-")), "-")
	if _, ok := espeakLanguages[tag]; !ok {
		return english
	}
	return tag
}
