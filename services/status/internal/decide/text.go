package decide

import "fmt"

// Whoever finds a fault does not know whether anything tries again: only the
// policy does, so the text of a fault says it from here.

func waiting(text string) string {
	return text + " This lesson waits for it and goes on by itself: there is nothing to do for you."
}

func tryingAgain(text string) string { return text + " It is tried again." }

func givenUp(text string, tries int) string {
	if tries == 1 {
		return text + " It was tried once."
	}
	return fmt.Sprintf("%s It was tried %d times.", text, tries)
}
