package prose

var english = &Lang{
	Tag: "en",
	stop: set(`a about above across after again against all almost alone along already also although always am among
an and another any anyone anything are around as at away back be became because become becomes been before behind being
below between both but by can cannot could did do does doing don't done down during each either else enough even ever every
everything few first for from further get gets give given gives go goes going had has have having he her here hers him his how
however i if in instead into is isn't it it's its itself just keep kept kind known last later least less let like likely made
make makes making many may maybe me means might more most much must my near need needs neither never new next no nor not nothing now of
off often old on once one only onto or other others our out over own part per perhaps put quite rather really same say says see seem
seems seen several shall she should since so some something still such take taken takes than that that's the their them then there
therefore these they thing things this those though three through thus to today together too toward towards two under until up
upon us use used uses using usually very via was way ways we well went were what when where whether which while who whole whose why
will with within without would yet you your yours`),
	pronouns: set(`it this these those that they he she its their his her hers him them such both neither either another others
itself themselves himself herself here theirs`),
	openers: list(`then|instead|otherwise|again|afterwards|afterward|the latter|the former|the same|doing so|to do this|to do so|if so|even so|for example|for instance|not all|
in turn|as such|one example|another example|the other|the others|the second|the third|the first of|some of them|most of them|all of them|each of them|one of them|none of them|
the result is|the reason is|the answer is|the difference is|the idea is|the problem is|the two|all three|all four|all of these|yes|no,|so far|so do|so does|so is|likewise|similarly|conversely|alternatively|or |nor `),
	connectives: list(`however|therefore|thus|hence|moreover|furthermore|additionally|in addition|also|consequently|accordingly|as a result|nevertheless|nonetheless|
meanwhile|finally|lastly|indeed|of course|in fact|in other words|that said|on the other hand|on the one hand|by contrast|in contrast|in short|in general|
generally speaking|more importantly|most importantly|importantly|notably|interestingly|unfortunately|fortunately|surprisingly|first of all|first|firstly|second|secondly|third|thirdly|
next|besides|after all|at the same time|to be sure|needless to say|note that|please note that|note|for one thing|on top of that|what is more|what's more|
and|but|so|yet|still|basically|essentially|simply put|put simply|to summarize|to sum up|in summary|in conclusion|overall|again|now|well|as mentioned|as noted|as always|similarly|likewise|conversely|specifically|in particular`),
	cuts: list(`, which |, who |, whom |, whose |, where |, because |, although |, though |, even though |, while |, whereas |, since |, so |, so that |, including |, such as |, for example|
, for instance|, but |, yet |, not |, rather than |, meaning |, depending |, thus |, thereby |, hence |, i.e.|, namely |, especially |, particularly |, in which |, of which |, from which |
, after which |, at which |, in order to |, as well as |, instead of |, with |, unlike |, despite |, like |, even |, often |, usually |, typically |, and therefore |, and thus |, and so |, as |, just as |; |: | — | – |—|
 because | so that | even though | although | whereas | rather than | instead of | as well as | such as | including | in order to | despite | regardless of |, as opposed to | as opposed to `),
	danglers: set(`a an the and or but nor so yet of in on at to for from by with without into onto over under between among through during about against
as than that which who whom whose where when while because although if unless until whether is are was were be been being am has have had do does did
can could may might must shall should will would not no very more most less least such include includes included including following follows called named known as like
this these those its their his her our your my every each both either neither also just only even i.e e.g etc vs per via upon it's there rather too`),
}

// auxiliaries are finite by themselves: a clause with one of them has its verb.
var auxiliaries = set(`is are was were am has have had do does did can could may might must shall should will would cannot isn't aren't wasn't weren't
hasn't haven't hadn't don't doesn't didn't can't couldn't won't wouldn't shouldn't it's that's there's they're you're we're you'll we'll they'll`)

// limiters change the truth of a clause when what follows them is cut off.
var limiters = set(`not never no cannot only few hardly rarely don't doesn't didn't can't isn't aren't won't couldn't wasn't weren't unless if neither nor without seldom little must should whether unlikely`)

// verbs are common verbs in their base form; inflected forms are found by
// stripping endings.
var verbs = set(`accept accelerate account achieve acquire act adapt add address adjust adopt advance affect agree aim allow alter analyse analyze announce answer appear apply argue arise
arrange arrive ask assert assign assume attach attack attempt attract avoid base bear beat become begin behave believe belong benefit bind block boost break bring build burn buy
call capture carry catch cause change charge check choose circulate claim clean clear close collapse collect combine come commit communicate compare compete compile complete compose comprise compute
concentrate conclude conduct confirm connect consider consist constitute construct consume contain continue contribute control convert cope copy correspond cost count cover create cross cut
damage deal decide declare decline decrease default defend define delay delete deliver demand demonstrate deny depend deploy derive describe deserve design destroy detect determine develop die differ direct disappear
discover display distinguish distribute divide dominate double draw drive drop eat edit eliminate embed emerge emit employ enable encode encounter encourage end enforce engage enhance ensure enter equal escape establish
estimate evaluate evolve examine exceed exchange exclude execute exhibit exist expand expect experience explain exploit explore expose express extend extract face fail fall feed feel fight fill find finish fit flow focus
follow force form formulate found free function gain gather generate get give go govern grow guarantee guide handle happen hear help hide hit hold host hunt identify ignore implement imply import impose improve
include incorporate increase indicate influence inform inherit inhibit initiate inject insert inspire install intend interact introduce invade invent invest invite invoke involve isolate issue join jump keep kill know label lack last
launch lay lead learn leave let lie limit link list live load lock look lose maintain make manage mark match matter mean measure meet merge migrate minimise minimize mix modify monitor move multiply need notice
observe obtain occupy occur offer open operate oppose order organise organize originate outnumber overcome own parse participate pass pay peak perform permit persist pick place plan play point pose possess post predict prefer
prepare present preserve press prevent print proceed process produce promise promote propose protect prove provide publish pull push put quit raise range reach react read realise realize receive recognise recognize recommend record
recover reduce refer reflect refuse regard register regulate reject relate release rely remain remember remind remove render repeat replace reply report represent reproduce request require resemble reserve resist resolve respect respond
rest restore restrict result retain retrieve return reveal rewrite rise rotate rule run satisfy save say scale schedule seek seem select sell send separate serve set settle shape share shift show shrink sign simplify simulate
sit skip sleep slow solve sort sound span spawn speak specify spend split spread stand start state stay stem stimulate stop store strengthen stretch strike struggle study submit succeed suffer suggest suit supply support
surround survive suspend swap switch synthesise take talk target teach tell tend terminate test think threaten throw tie tolerate touch track train transfer transform translate transmit travel treat trigger trust try turn type undergo
blow boast bounce climb cool drag drain drift erode flood float fold freeze grab grind hang heat hurt kick lift melt obey peel pile pour pump ride ring roll sail scan shake shoot shut sink slide slip spin spray squeeze stick swallow sweep swell swing tear trace trap twist unlock wash wipe
understand update upgrade use validate value vary verify violate visit wait walk want warn waste watch wear weigh win wish work worry wrap write yield`)

// irregular holds past forms that no ending gives away.
var irregular = set(`made took gave found became began led grew held kept left lost met paid ran said saw sent showed spent stood told thought went won wrote built brought bought came fell felt
got knew lay let meant rose sold sat spoke struck drew drove ate fought flew forgot hid hit put read rode sang shot slept swam taught wore broke caught chose set cut spread cost dealt born arose
bound overcame understood undertook withdrew bore sought shook sank stole threw wove fed bred fled laid lent lit quit shut split`)
