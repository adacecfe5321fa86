package prose

var german = &Lang{
	Tag: "de",
	stop: set(`aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bin bis bist da dabei dadurch damit dann das dass dem den denn der des
die dies diese diesem diesen dieser dieses doch dort du durch ein eine einem einen einer eines er es etwa etwas für gegen gibt geht kommt macht hat hatte hatten haben hier hin hinter ich ihm ihn
ihnen ihr ihre ihrem ihren ihrer im in ist ja jede jeder jedes jetzt kann kein keine keinen können man mehr mein mit muss nach nicht nichts noch nun nur ob oder ohne sehr sei
sein seine seinem seinen seiner seit sich sie sind so soll sollte sondern sowie über um und uns unter vom von vor war waren was weil wenn werden wer wie wieder will wir wird wo
wurde wurden zu zum zur zwar zwischen`),
	pronouns:    set(`er sie es dies diese dieser dieses diesem diesen ihre ihr sein seine beide solche jene jener jenes deren dessen ihm ihnen das dort`),
	openers:     list(`dann|stattdessen|sonst|andernfalls|zum beispiel|beispielsweise|dadurch|dabei|damit|davon|dafür|daraus|dagegen|danach|daher|darum|deshalb|deswegen|so |dazu|hierzu|hierbei|daran|darin|auch `),
	connectives: list(`allerdings|außerdem|zudem|ferner|und|aber|doch|schließlich|übrigens|kurz gesagt|im gegensatz dazu`),
	cuts:        list(`, der |, die |, das |, den |, dem |, deren |, dessen |, weil |, obwohl |, während |, wobei |, wodurch |, sodass |, so dass |, aber |, doch |, sondern |, was |, wo |, da |, denn |; |: | – | — `),
	danglers:    set(`und oder aber der die das den dem des ein eine einen einem einer eines in im am von zum zur für als wie ist sind war waren wird werden nicht sehr dass ob um ohne durch über unter`),
}

var french = &Lang{
	Tag: "fr",
	stop: set(`à ai ainsi alors après au aucun aussi autre autres aux avait avant avec avoir c'est ce cela ces cet cette ceux chaque chez comme comment d'un d'une dans de depuis des
deux donc dont du elle elles en encore entre est et étaient était été être eu eux fait font il ils je jusqu l la le les leur leurs lors lui ma mais même me mes moi moins mon n ne ni
non nos notre nous on ont ou où par parce pas peu peut peuvent plus plusieurs pour pourquoi puis qu qu'il que quel quelle qui sa sans se sera ses si son sont sous sur ta te tes toi ton
tous tout toute toutes très tu un une vers vos votre vous y`),
	pronouns:    set(`il elle ils elles ce cela ceci ces cet cette son sa ses leur leurs celui celle ceux celles lui c'est tel telle tels telles`),
	openers:     list(`par example|sinon|ensuite|puis|au contraire|de l'autre|de l’autre|ce dernier|cette dernière|ces derniers|de même|ainsi|dans ce cas|à cet égard|l'autre|les deux`),
	connectives: list(`cependant|toutefois|de plus|en outre|par ailleurs|enfin|néanmoins|pourtant|et|mais|or|donc|en effet|bref|en revanche|finalement`),
	cuts:        list(`, qui |, que |, dont |, où |, car |, mais |, tandis que |, alors que |, ce qui |, ce que |, bien que |, parce que |, puisque |, afin de |, notamment |, comme |, soit |; | : | – | — | parce que `),
	danglers:    set(`et ou mais donc le la les un une des du de d à au aux en dans par pour sur sous avec sans que qui dont où est sont était étaient a ont ne pas très plus moins comme ce cette ces son sa ses leur`),
}

var spanish = &Lang{
	Tag: "es",
	stop: set(`a al algo algunos ante antes aquel así aún aunque bajo bien cada casi como con contra cual cuando de del desde donde dos durante e el él ella ellas ellos en entre era eran es
esa esas ese eso esos esta está están estas este esto estos fue fueron ha había han hasta hay la las le les lo los más me mi mientras mucho muchos muy nada ni no nos o os otra otras otro
otros para pero poco por porque pues que qué quien se sea según ser si sí sido sin sobre son su sus también tan tanto te tiene tienen todo toda todos todas tras tu un una uno unos y ya yo`),
	pronouns:    set(`él ella ellos ellas este esta estos estas ese esa esos esas esto eso su sus aquel aquella lo les ambos ambas dicho dicha tal tales`),
	openers:     list(`por ejemplo|entonces|en cambio|de lo contrario|así|luego|después|en este caso|de este modo|por eso|por ello|la otra|el otro|los dos`),
	connectives: list(`sin embargo|además|por otra parte|por otro lado|finalmente|no obstante|y|pero|en efecto|en resumen|en realidad`),
	cuts:        list(`, que |, quien |, quienes |, donde |, porque |, aunque |, mientras |, pero |, lo que |, lo cual |, ya que |, cuyo |, cuya |, sino |, incluyendo |, como |; |: | – | — | porque `),
	danglers:    set(`y o u e pero el la los las un una unos unas de del a al en con por para sin sobre entre que cuyo cuya donde es son era eran fue fueron ha han no muy más menos como su sus este esta se lo`),
}
