// Categories of the sample shop, which its data does not have: told from what a product is called.

/**
 * What a thing is: words and phrases of the shop's descriptions by the category they speak for. Plurals in -S and -ES
 * are understood.
 */
const THINGS: Readonly<Record<string, string>> = {
  "Aprons & Oven Gloves": "APRON | OVEN GLOVE | OVEN MITT | POT HOLDER | TEA TOWEL | PINNY | TABARD",
  "Bags & Purses":
    "BAG | HANDBAG | PURSE | WALLET | SHOPPER | CASE | SUITCASE | TOTE | LUGGAGE | PASSPORT COVER | " +
    "POUCH | TISSUE HOLDER | SATCHEL | RUCKSACK | BACKPACK | GLASSES CASE | RAFFIA",
  "Baking & Cake Stands":
    "CAKESTAND | CAKE STAND | CAKE CASE | BAKING CASE | FAIRY CAKE CASE | BAKING | CAKE TIN | CAKE MOULD | CUTTER | COOKIE | " +
    "JELLY MOULD | MOULD | CAKE PLATE | PASTRY | FRYING PAN | BAKING SET | CAKE DOME | RAMEKIN | " +
    "SPONGE TIN | ICING | ROLLING PIN | MUFFIN",
  "Bathroom & Beauty":
    "SOAP | BATH | TOWEL | FLANNEL | WASHBAG | SHOWER | SPONGE | TOILET | HAND CREAM | BRUSH | " +
    "LIP GLOSS | LIP | MASSAGER | PERFUME | MANICURE | NAIL | TALC | COMB | PUFF | TOOTHBRUSH HOLDER | " +
    "HAND WARMER | HEALING BALM | SUNGLASSES | FAN | PAMPER",
  "Bowls & Dishes":
    "BOWL | DISH | PLATTER | TRAY | COLANDER | RAMEKIN SET | SALAD | SNACK SET | TRIVET | FRUITBOWL",
  "Candle Holders":
    "T LIGHT HOLDER | CANDLE HOLDER | CANDLEHOLDER | LIGHT HOLDER | CANDLESTICK | VOTIVE | HURRICANE | " +
    "HURICANE | CANDLE PLATE | CANDLE POT | T LIGHT | TLIGHT | TEALIGHT HOLDER | CANDLEPOT | " +
    "CANDELABRA | VOTIVE HOLDER | SCONCE | LITE HOLDER | WALL LIGHT | OIL BURNER | CANDLE STICK | " +
    "TEA LIGHT | TEALIGHT | CANDLE LAMP",
  "Candles & Incense": "CANDLE | INCENSE | OIL | POTPOURRI | SACHET | JOSS STICK | CHOCOLATECANDLE",
  Christmas:
    "ADVENT | BAUBLE | NATIVITY | TINSEL | SLEIGH | WREATH | STOCKING | CRACKER | TREE DECORATION | " +
    "CHRISTMAS DECORATION | CHRISTMAS TREE DECORATION | ICICLE",
  Clocks: "CLOCK | WATCH | HOURGLASS | TIMER",
  "Craft & Sewing":
    "CRAFT | SEWING | KNITTING | FELTCRAFT | EMBROIDERY | BUTTON | PATCH | RIBBON | TAPE | BEAD | " +
    "PATTERN | THREAD | SCISSOR | STITCH | PINCUSHION | PIN CUSHION | MEASURING TAPE | CROSS STITCH | " +
    "CROCHET | SEW | RUBBER STAMP | STAMP | PATCHES | SEQUIN | BEADED | TASSEL | MOTORCYCLE KIT | KIT",
  "Cups & Mugs": "MUG | CUP | TEACUP | SAUCER | BEAKER | TANKARD | GOBLET",
  "Cushions & Throws":
    "CUSHION | THROW | BLANKET | QUILT | PILLOW | BEDSPREAD | PAD | CUSHION COVER | FLOOR CUSHION | " +
    "BEANBAG | RUG | DOILY | DOILIES | CURTAIN | BEDROLL | VOILE",
  "Cutlery & Kitchen Tools":
    "CUTLERY | SPOON | FORK | KNIFE | KNIVES | SPATULA | WHISK | SCALE | GRATER | LADLE | OPENER | " +
    "PAN | PEELER | PESTLE | CHOPPING BOARD | BOARD | EGG CUP | SIEVE | POT STAND | BREAD BIN | " +
    "CORKSCREW | TONGS | SPOON REST | SALT | PEPPER | CRUET | EGG FRAME | TOAST RACK | COOKER | " +
    "MEASURING | PAELLA | EGG SPOON | EGG TIMER | DRAINER | TENDERISER | DISH DRAINER | SQUEEZER | " +
    "ICE CREAM | WOK | STRAINER | CORER | CHOPSTICK | TOASTRACK | TOAST | BASIN | FLY SWAT",
  Decorations:
    "DECORATION | DECOARATION | ORNAMENT | GARLAND | HANGING HEART | CHARM STRING | FIGURE | " +
    "FIGURINE | STATUE | MOBILE | CHIME | BELL | SUNCATCHER | MUSHROOM | WINDCHIME | SHELL | " +
    "HAND OPEN | BUDDHA | CANARY | GEM",
  "Doorstops & Doormats": "DOORMAT | DOOR MAT | DOORSTOP | DOOR STOP | DRAUGHT | DOORBELL | MAT",
  "Flowers & Vases":
    "VASE | BOUQUET | POSY | IVY | GERANIUM | PANSY | CARNATION | BRANCH | STEM | PETAL | ARTIFICIAL | " +
    "TWIG | HYDRANGEA | CORSAGE",
  "Frames & Albums":
    "FRAME | ALBUM | PHOTO CUBE | PHOTO CLIP | PICTURE | PHOTO HOLDER | SCRAPBOOK | PHOTOFRAME",
  Furniture:
    "CABINET | CHAIR | TABLE | STOOL | CHEST | DRAWER | SHELF | SHELVES | BENCH | BOOKCASE | " +
    "WARDROBE | BEDSIDE | DRAWERS | SIDEBOARD | STAND | CANVAS SCREEN | DECKCHAIR | HEADBOARD | BUREAU | " +
    "DESK | CUBOID | BOX FURNITURE | SOFA | SEAT | POUFFE",
  "Games & Puzzles":
    "GAME | JIGSAW | PUZZLE | DOMINO | DOMINOES | SNAKE | LADDER | CHESS | NOUGHTS | DICE | QUIZ | " +
    "SOLITAIRE | CROQUET | SKITTLE | TIC TAC TOE | YO YO | SNAP CARD | SNAP | HAPPY FAMILIES | " +
    "SPINNING TOP | PLAYING CARD | PING PONG | ROUNDERS | BOULES | BACKGAMMON | BINGO | HOOPLA | " +
    "TRIVIA | HOOK GAME | TENNIS | SKIPPING ROPE | POKER | LUDO | FLYING DISC",
  Garden:
    "PLANTER | PLANT POT | WATERING CAN | TROWEL | SPADE | RAKE | BIRD HOUSE | BIRDHOUSE | " +
    "BIRD TABLE | BIRD FEEDER | PARASOL | GARDENER | SEED | GROW | POTTING | FLOWER POT | FEEDER | " +
    "NESTING BOX | BIRD BATH | HAMMOCK | GNOME | FLOWERPOT | HERB MARKER | MARKER | PAIL | BIRDCAGE | " +
    "BIRD CAGE | DOVECOTE | KNEELER | POT | WATER CAN | PLANT CAGE | GREENHOUSE | WINDOW BOX | " +
    "TRELLIS | BIRD FEED | DOVECOTES | SUNJAR | THERMOMETER",
  "Gift Bags & Wrap":
    "WRAP | GIFT WRAP | GIFT BAG | GIFT TAG | TAG | GIFT BOX | GIFT TAPE | WRAPPING | BOW | " +
    "TISSUE PAPER | WRAP PAPER | WRAPPING PAPER | PAPER BAG | PARTY BAG | GIFT BOXES",
  "Gift Vouchers": "VOUCHER",
  "Glasses & Jugs":
    "JUG | DECANTER | TUMBLER | CARAFE | PITCHER | BOTTLE | MILK JUG | WATER BOTTLE | FLASK | " +
    "HIP FLASK | WINE GLASS | COCKTAIL SHAKER | SHOT GLASS | DEMIJOHN",
  "Greeting Cards": "CARD | POSTCARD | GREETING | CARDS | BIRTHDAY CARD | INVITE | INVITATION",
  "Hooks & Hangers":
    "HOOK | HANGER | COAT RACK | COAT HOOK | KNOB | PEG | COATRACK | KEY RING | KEYRING | KEY HOLDER | " +
    "HANGERS | RACK | HANDLE | KEY FOB | KEY RACK | RAIL | COAT HANGER | CLIP | HOLDALL | TOWEL RAIL | " +
    "PADLOCK | KEY | DRAWERKNOB",
  "Hot Water Bottles":
    "HOT WATER | HOT WATER BOTTLE | WATER BOTTLES | HEAT PACK | WARMER | HOTTIE | BED WARMER",
  "Jars & Bottles": "JAR | STORAGE JAR | JAM JAR | PRESERVE | PRESERVING",
  Jewellery:
    "NECKLACE | BRACELET | EARRING | RING | BROOCH | CHARM | NECKLACE SET | JEWELLERY | CHOKER | " +
    "HAIR CLIP | HAIR COMB | TIARA | BANGLE | HAIRCLIP | HAIR BAND | HAIR GRIP | HAIR SLIDE | " +
    "HAIR TIE | PHONE CHARM | BAG CHARM | NECKLAC | LARIAT | ANKLET | HAIRBAND | EAR HOOP | EARING | " +
    "EAR RING | HAIR ACCESSORIES | CUFFLINK | BROACH | SLIDE | NECKL | BRACELT | NECKLACE+BRACELET | " +
    "HAIRSLIDE | BANDANA | SCARF | PASHMINA | BRACLET | BADGE",
  "Lamps & Lights":
    "LAMP | LIGHT | LAMPSHADE | NIGHT LIGHT | FAIRY LIGHT | CHANDELIER | TORCH | LIGHTS | LED | " +
    "NIGHTLIGHT | LIGHT BULB | SHADE | LIGHT GARLAND | HELICOPTER LIGHT | LAMP SHADE | LIGHTBULB | " +
    "SILICON CUBE",
  Lanterns: "LANTERN",
  "Letters & Signs":
    "SIGN | LETTER | LETTERS | PLAQUE | HOUSE NUMBER | METAL SIGN | WALL SIGN | MESSAGE | BLACKBOARD | " +
    "CHALKBOARD | BANNER | CALENDAR | NOTICEBOARD | NOTICE BOARD | MEMO | HOME BUILDING BLOCK | " +
    "BUILDING BLOCK | MEMOBOARD | MEMO BOARD | PIN BOARD",
  "Lunch Boxes & Picnic":
    "LUNCH BOX | LUNCHBOX | SNACK BOX | SANDWICH | LUNCH BAG | COOL BAG | HAMPER | FOOD COVER | " +
    "BENTO | COOLER | FLASK SET | FOOD CONTAINER | THERMOS | BREAKFAST SET",
  Magnets: "MAGNET | FRIDGE",
  Mirrors: "MIRROR",
  "Notebooks & Stationery":
    "NOTEBOOK | PEN | PENCIL | STATIONERY | BOOK | SKETCHBOOK | JOURNAL | DIARY | ERASER | RUBBER | " +
    "CRAYON | SHARPENER | PAPER CLIP | NOTEPAD | PAPERWEIGHT | RULER | WRITING SET | PENCIL CASE | " +
    "PAD OF | FOLDER | ORGANISER | ADDRESS BOOK | BOOKMARK | PASSPORT | CHALK | CHALK STICK | " +
    "ENVELOPE | FILE | STAPLER | COLOURING | PENS | BALLPOINT | TIDY | DESK TIDY | RECIPE BOX | " +
    "BOOK COVER | BOOKEND | PEN POT | HOLE PUNCH | SHOPPING LIST | WEIGHT",
  "Paper Tableware":
    "NAPKIN | PAPER PLATE | PAPER CUP | PLATE | PLACEMAT | COASTER | STRAW | SERVIETTE | TABLECLOTH | " +
    "NAPKIN RING | TISSUE | POCKET TISSUE | PARTY PLATE | PLACE MAT | RUNNER | PAPER NAPKIN | " +
    "PLACE CARD | PLACE SETTING | TABLE RUN | CHARGER",
  Party:
    "BALLOON | BUNTING | STREAMER | HAT | COCKTAIL PARASOL | PARTY SUNGLASSES | CONFETTI | " +
    "PAPER CHAIN | PINATA | INVITES | SPARKLER | COSTUME | MASK | TATTOO | PAPER BALL | " +
    "PAPER PARASOL | POPCORN HOLDER | WHISTLE | SOMBRERO | GRASS SKIRT | PENNANT | ROSETTE",
  Pets: "COLLAR | CAT BOWL | DOG BOWL | DOG TOY | FISHING",
  "Radios & Gadgets":
    "RADIO | IPOD | METER | CALCULATOR | HEADPHONES | TELEPHONE | MP3 | CAMERA | USB | COMPUTER | " +
    "SPEAKER | FIRST AID",
  "Rain & Umbrellas":
    "UMBRELLA | PONCHO | RAINCOAT | RAIN HAT | WELLINGTON | GLOVE | MITTEN | SLIPPER | SOCK | JACKET",
  Smoking: "ASHTRAY | CIGAR | LIGHTER | MATCH | MATCHES | CIGARETTE",
  "Stickers & Wall Art":
    "STICKER | WALL ART | PICTURE SET | CANVAS | TILE | STENCIL | DECAL | POSTER | TATTOOS | MURAL | " +
    "TRANSFER | ORIGINAL ART | HANGING SIGN | DOORSIGN | ART PRINT",
  "Storage Boxes & Baskets":
    "BOX | BASKET | CRATE | BIN | HAMPERS | TRUNK | BOXES | TRINKET BOX | JEWELLERY BOX | " +
    "STORAGE BOX | TOOL BOX | SEWING BOX | MONEY BOX | TUB | TOY BOX | PILL BOX | TIDY BIN | " +
    "CONTAINER | DISPENSER | CUPBOARD | TRINKET POT | PIGGY BANK | MONEY BANK | BANK | TOOLBOX | CADDY",
  "Sweets & Chocolate": "LOLLY | SWEETIE | FUDGE | SUCKER | GUM",
  "Teapots & Tea Sets":
    "TEAPOT | TEA POT | TEA SET | TEASET | TEA COSY | COSY | TEA FOR ONE | COFFEE POT | CAFETIERE | " +
    "TEA STRAINER | TEA TIN | TEA TRAY | KETTLE | CREAMER",
  Tins: "TIN | CANISTER | TEA CADDY | CAN | ROUND TIN | STORAGE TIN",
  "Toys & Children":
    "TOY | DOLL | TEDDY | PLAYHOUSE | GLIDER | TRAIN | PUPPET | MARBLES | MARBLE | BEAR | KITE | " +
    "RATTLE | BIB | PLANE | BINOCULAR | DRUM | HARMONICA | FAIRY WAND | WAND | GUITAR | TRUMPET | " +
    "RACING CAR | JACK IN THE BOX | SPINNER | BUBBLE | CATAPULT | CATERPILLAR | LORRY | SLINGSHOT | " +
    "KAZOO | YOYO | JUMPING JACK | BANDAGE | PLASTER | PLASTERS | BALANCING | WOBBLY | STILTS | " +
    "HOPPING | HULA HOOP | HELICOPTER | CADET | CRAWLIES | CRAWLIE | DOLPHIN | WHEELBARROW | " +
    "TOOL SET | PAINT SET",
};

/** What a thing is about or made of; asked only where no word says what it is: `DOORMAT HOME SWEET HOME`. */
const THEMES: Readonly<Record<string, string>> = {
  "Baking & Cake Stands": "CAKE | CUPCAKE | PUDDING",
  "Bathroom & Beauty": "BATHROOM | BODY",
  "Candles & Incense": "LAVENDER | SCENT | FRAGRANCE",
  Christmas:
    "CHRISTMAS | XMAS | SANTA | REINDEER | SNOWMAN | SNOWMEN | SNOWFLAKE | NOEL | ROBIN | HOLLY | " +
    "FAIRY | TREE | SNOW | ANGEL",
  "Cutlery & Kitchen Tools": "KITCHEN | COOKING",
  Decorations:
    "HEART | STAR | ROSE | FEATHER | CHICK | HEN | RABBIT | DOVE | BIRD | BUNNY | BUTTERFLY | " +
    "BUTTERFLIES | PEACOCK | DUCK | EASTER | HANGING | CHICKEN | LEAF | FLAMINGO | TREE OF | EGG | " +
    "WINDMILL | TOADSTOOL | LADYBIRD | COCKEREL | SKULL | CACTUS | MERMAID | CHAIN | STRING | " +
    "PENDANT | GLOBE | BALL | DEC",
  "Flowers & Vases":
    "FLOWER | DAISY | DAISIES | ORCHID | LILY | TULIP | SUNFLOWER | POPPY | BLOSSOM | ROSES | LEAVES | " +
    "HYACINTH | PEONY",
  "Frames & Albums": "PHOTO",
  "Games & Puzzles": "MONKEY",
  Garden: "GARDEN | HERB | BUCKET | INSECT | WEATHER | PLANT",
  "Glasses & Jugs": "GLASS | COCKTAIL | CHAMPAGNE | WINE",
  "Jars & Bottles": "JAM | SPICE | COVERS",
  Jewellery: "CROSS | HAIR",
  "Letters & Signs": "ALPHABET | NUMBER | WORD | FONT | FLAG | BLOCK | BLOCKS",
  "Lunch Boxes & Picnic": "PICNIC | FOOD",
  "Notebooks & Stationery": "PAPER | COVER | WRITING",
  Party: "PARTY | BIRTHDAY | WEDDING | HALLOWEEN | DISCO | LANDMARK | HONEYCOMB | CROWN",
  Pets: "DOG | CAT | PET | KITTY",
  "Rain & Umbrellas": "RAIN",
  "Stickers & Wall Art": "PRINT | ART | WALL | IMAGE",
  "Storage Boxes & Baskets": "HOLDER | STORAGE | LAUNDRY | TRINKET",
  "Sweets & Chocolate": "CHOCOLATE | SWEET | CANDY | BISCUIT | COOKIES | HUMBUG",
  "Teapots & Tea Sets": "TEA | SUGAR | BREAKFAST | COFFEE",
  "Toys & Children":
    "BABY | SPACEBOY | TRACTOR | ROBOT | ROCKET | SOLDIER | FARM | HORSE | DINOSAUR | NURSERY | SOFT | " +
    "MAGIC | COWBOY | CHILDRENS | CHILDS | MUSICAL | CASTLE | KNIGHT | PIRATE | DOLLY GIRL | " +
    "CAROUSEL | MONSTER | CREATURE | ELEPHANT | FROG | RABBITS | PILOT | ZOO | TRADITIONAL | OWL | " +
    "OCTOPUS | PIG | GIRAFFE | SPY | PONY | CIRCUS | CAR",
};

/** A product of no known kind. */
export const OTHER = "Other";

export const CATEGORIES: readonly string[] = [...Object.keys(THINGS), OTHER];

/** After these words a description says how or for what: `MIRROR WITH HOOKS` is a mirror. */
const ASIDE = new Set(["WITH", "W", "IN", "ON", "FOR", "FROM"]);
const PHRASE_WORDS_MAX = 3;

const THING_CATEGORY = index(THINGS);
const THEME_CATEGORY = index(THEMES);

/**
 * The last word or phrase that names a thing decides, since the thing itself comes last in English; of several that
 * end at the same word the longest. What follows `WITH`, `IN`, `ON`, `FOR` counts only if nothing before it is known.
 * Themes are asked after that, in the same way.
 */
export function categoryOf(description: string): string {
  const words =
    description
      .toUpperCase()
      .replaceAll("'S", "")
      .match(/[A-Z]+/g) ?? [];
  const aside = words.findIndex((word, position) => position > 0 && ASIDE.has(word));
  const head = aside === -1 ? words : words.slice(0, aside);
  for (const known of [THING_CATEGORY, THEME_CATEGORY]) {
    const category = lastKnown(head, known) ?? lastKnown(words, known);
    if (category !== undefined) return category;
  }
  return OTHER;
}

function index(keywords: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(keywords).flatMap(([category, list]) =>
      list.split(" | ").map((keyword) => [keyword, category] as const),
    ),
  );
}

function lastKnown(words: readonly string[], known: ReadonlyMap<string, string>): string | undefined {
  for (let end = words.length; end > 0; end--) {
    for (let start = Math.max(0, end - PHRASE_WORDS_MAX); start < end; start++) {
      const phrase = words.slice(start, end).join(" ");
      const category =
        known.get(phrase) ?? known.get(phrase.replace(/S$/, "")) ?? known.get(phrase.replace(/ES$/, ""));
      if (category !== undefined) return category;
    }
  }
  return undefined;
}
