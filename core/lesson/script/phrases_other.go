package script

import "strings"

// The other languages frame with headings only: a heading of unknown gender
// and case fits after a colon and nowhere else.

var germanPhrases = &phrases{
	overview: "In Kürze", recap: "Zusammenfassung", and: "und", from: " von %s", more: []string{"Mehr dazu: %s"},
	closing: strings.Split("fazit|zusammenfassung|schluss|kurz gefasst", "|"),
	off:     strings.Split("einzelnachweise|weblinks|siehe auch|literatur|quellen|anmerkungen|kommentare|inhaltsverzeichnis|impressum|datenschutz|mehr zum thema|lesen sie auch|fußnoten", "|"),
	welcome: every("Willkommen. Das Thema dieser Lektion: %s."),
	hello:   [2]string{"Hallo und willkommen. Ich bin {a}.", "Und ich bin {b}."},
	greet:   every("Vor uns liegt eine Seite{from}. Das Thema: %s."),
	short:   "Worum geht es, in aller Kürze?",
	agenda:  "Das sind die Themen: %s.",
	first:   every("Zuerst: %s."),
	next:    rows("Das nächste Thema: %s.", "Weiter geht es so: %s."),
	last:    every("Zum Schluss: %s."),
	ask:     rows("Das nächste Thema: %s. Was sagt die Seite dazu?", "Weiter mit: %s. Was sollten wir wissen?", "Ein neuer Punkt: %s. Worum geht es da?"),
	follow:  more("Was gibt es noch zu wissen?", "Und was kommt hinzu?", "Was sagt die Seite noch?"),
	sumUp:   "Fassen wir zusammen.", sumUpAsk: "Fassen wir zusammen. Was sollte man behalten?",
	points: []string{"Erstens: %s", "Zweitens: %s", "Drittens: %s", "Und zum Schluss: %s"},
	check:  "Nun eine Frage zur Selbstkontrolle.", checkTag: "Frage: %s",
	answer: "Die Antwort: %s",
	gist:   "Worum ging es in dieser Lektion, in einem Satz?",
	name:   "Was weißt du über dieses Thema: %s?",
	bye:    [2]string{"Danke fürs Zuhören und auf Wiederhören.", "Auf Wiederhören."},
}

var frenchPhrases = &phrases{
	overview: "En bref", recap: "Résumé", and: "et", from: " de %s", more: []string{"Encore : %s"},
	closing: strings.Split("conclusion|résumé|en bref|à retenir", "|"),
	off:     strings.Split("références|voir aussi|liens externes|bibliographie|notes et références|articles connexes|sources|commentaires|sommaire|mentions légales|lire aussi|sur le même sujet", "|"),
	welcome: every("Bienvenue. Le sujet de cette leçon : %s."),
	hello:   [2]string{"Bonjour et bienvenue. Je suis {a}.", "Et moi, je suis {b}."},
	greet:   every("Nous avons devant nous une page{from}. Le sujet : %s."),
	short:   "De quoi s'agit-il, en bref ?",
	agenda:  "Voici les thèmes : %s.",
	first:   every("Pour commencer : %s."),
	next:    rows("Le thème suivant : %s.", "Continuous avec ceci : %s."),
	last:    every("Pour finir : %s."),
	ask:     rows("Le thème suivant : %s. Que dit la page ?", "Continuous avec ceci : %s. Que faut-il savoir ?", "Un nouveau point : %s. De quoi s'agit-il ?"),
	follow:  more("Que faut-il savoir d'autre ?", "Et que peut-on ajouter ?", "Que dit encore la page ?"),
	sumUp:   "Résumons.", sumUpAsk: "Résumons. Que faut-il retenir ?",
	points: []string{"Premièrement : %s", "Deuxièmement : %s", "Troisièmement : %s", "Et enfin : %s"},
	check:  "Voici une question pour vous tester.", checkTag: "Question : %s",
	answer: "La réponse : %s",
	gist:   "De quoi parlait cette leçon, en une phrase ?",
	name:   "Que savez-vous de ce sujet : %s ?",
	bye:    [2]string{"Merci de votre écoute et au revoir.", "Au revoir."},
}

var spanishPhrases = &phrases{
	overview: "En breve", recap: "Repaso", and: "y", from: " de %s", more: []string{"Más sobre esto: %s"},
	closing: strings.Split("conclusión|conclusions|resumen|en resumen", "|"),
	off:     strings.Split("referencias|véase también|enlaces externos|bibliografía|notas|comentarios|fuentes|índice|aviso legal|lea también|más información", "|"),
	welcome: every("Bienvenidos. El tema de esta lección: %s."),
	hello:   [2]string{"Hola y bienvenidos. Soy {a}.", "Y yo soy {b}."},
	greet:   every("Tenemos delante una página{from}. El tema: %s."),
	short:   "¿De qué trata, en pocas palabras?",
	agenda:  "Estos son los temas: %s.",
	first:   every("Para empezar: %s."),
	next:    rows("El siguiente tema: %s.", "Sigamos con esto: %s."),
	last:    every("Para terminar: %s."),
	ask:     rows("El siguiente tema: %s. ¿Qué dice la página?", "Sigamos con esto: %s. ¿Qué hay que saber?", "Un nuevo punto: %s. ¿De qué se trata?"),
	follow:  more("¿Qué más hay que saber?", "¿Y qué se puede añadir?", "¿Qué más dice la página?"),
	sumUp:   "Repasemos.", sumUpAsk: "Repasemos. ¿Qué hay que recordar?",
	points: []string{"Primero: %s", "Segundo: %s", "Tercero: %s", "Y por último: %s"},
	check:  "Ahora, una pregunta para comprobar lo aprendido.", checkTag: "Pregunta: %s",
	answer: "La respuesta: %s",
	gist:   "¿De qué trataba esta lección, en una frase?",
	name:   "¿Qué sabes sobre este tema: %s?",
	bye:    [2]string{"Gracias por escuchar y hasta pronto.", "Hasta pronto."},
}
