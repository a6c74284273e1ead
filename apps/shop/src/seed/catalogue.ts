/** One category of the sample catalogue: what it sells, in which finishes, and between which prices and weights. */
export interface CatalogueCategory {
  readonly name: string;
  readonly slug: string;
  readonly skuPrefix: string;
  readonly nouns: readonly string[];
  readonly finishes: readonly string[];
  /** In euros. */
  readonly price: readonly [min: number, max: number];
  /** In grams. */
  readonly weight: readonly [min: number, max: number];
}

/** What makes two products of the same kind and finish different. */
export const STYLES = ['Classic', 'Compact', 'Nordic', 'Modern', 'Heritage', 'Studio'] as const;

export const CATALOGUE: readonly CatalogueCategory[] = [
  {
    name: 'Lighting', slug: 'lighting', skuPrefix: 'LIGHT',
    nouns: ['Reading Lamp', 'Desk Lamp', 'Floor Lamp', 'Pendant', 'Wall Light'],
    finishes: ['Brass', 'Copper', 'Opal Glass', 'Black Steel'],
    price: [29, 349], weight: [600, 6_500],
  },
  {
    name: 'Seating', slug: 'seating', skuPrefix: 'SEAT',
    nouns: ['Armchair', 'Dining Chair', 'Bar Stool', 'Bench', 'Rocking Chair'],
    finishes: ['Oak', 'Walnut', 'Beech', 'Ash'],
    price: [79, 899], weight: [3_500, 24_000],
  },
  {
    name: 'Tables', slug: 'tables', skuPrefix: 'TABLE',
    nouns: ['Coffee Table', 'Dining Table', 'Side Table', 'Writing Desk', 'Console'],
    finishes: ['Oak', 'Walnut', 'Marble', 'Smoked Glass'],
    price: [99, 1_499], weight: [5_000, 60_000],
  },
  {
    name: 'Kitchen', slug: 'kitchen', skuPrefix: 'KITCH',
    nouns: ['Chopping Board', 'Mixing Bowl', 'Saucepan', 'Frying Pan', 'Kettle'],
    finishes: ['Steel', 'Cast Iron', 'Bamboo', 'Enamel'],
    price: [12, 159], weight: [300, 4_200],
  },
  {
    name: 'Tableware', slug: 'tableware', skuPrefix: 'TABLEW',
    nouns: ['Dinner Plate', 'Soup Bowl', 'Mug', 'Carafe', 'Serving Tray'],
    finishes: ['Porcelain', 'Stoneware', 'Glazed Clay', 'Bone China'],
    price: [6, 69], weight: [180, 1_900],
  },
  {
    name: 'Textiles', slug: 'textiles', skuPrefix: 'TEXT',
    nouns: ['Throw', 'Cushion', 'Curtain', 'Table Runner', 'Bath Towel'],
    finishes: ['Linen', 'Cotton', 'Wool', 'Velvet'],
    price: [14, 189], weight: [150, 2_600],
  },
  {
    name: 'Rugs', slug: 'rugs', skuPrefix: 'RUG',
    nouns: ['Hallway Runner', 'Round Rug', 'Area Rug', 'Doormat', 'Kilim'],
    finishes: ['Wool', 'Jute', 'Cotton', 'Sisal'],
    price: [19, 999], weight: [800, 22_000],
  },
  {
    name: 'Storage', slug: 'storage', skuPrefix: 'STORE',
    nouns: ['Bookcase', 'Wall Shelf', 'Storage Box', 'Coat Rack', 'Sideboard'],
    finishes: ['Pine', 'Oak', 'Rattan', 'White Lacquer'],
    price: [15, 1_199], weight: [700, 55_000],
  },
  {
    name: 'Office', slug: 'office', skuPrefix: 'OFFICE',
    nouns: ['Notebook', 'Pen Holder', 'Letter Tray', 'Desk Pad', 'Pinboard'],
    finishes: ['Leather', 'Cork', 'Felt', 'Recycled Paper'],
    price: [5, 89], weight: [80, 1_600],
  },
  {
    name: 'Garden', slug: 'garden', skuPrefix: 'GARDEN',
    nouns: ['Planter', 'Watering Can', 'Bird House', 'Garden Chair', 'Lantern'],
    finishes: ['Terracotta', 'Zinc', 'Teak', 'Weathered Iron'],
    price: [11, 279], weight: [400, 12_000],
  },
  {
    name: 'Bathroom', slug: 'bathroom', skuPrefix: 'BATH',
    nouns: ['Soap Dish', 'Mirror', 'Towel Rail', 'Laundry Basket', 'Bath Mat'],
    finishes: ['Bamboo', 'Chrome', 'Matt Black', 'Ceramic'],
    price: [9, 229], weight: [200, 7_500],
  },
  {
    name: 'Decoration', slug: 'decoration', skuPrefix: 'DECO',
    nouns: ['Vase', 'Candle Holder', 'Picture Frame', 'Wall Clock', 'Bookend'],
    finishes: ['Brass', 'Stoneware', 'Walnut', 'Clear Glass'],
    price: [8, 199], weight: [150, 3_800],
  },
]; // prettier-ignore

export const FIRST_NAMES = [
  'Ada', 'Bruno', 'Clara', 'David', 'Elena', 'Felix', 'Greta', 'Hugo', 'Ines', 'Jonas', 'Karin', 'Liam', 'Mara',
  'Noah', 'Olga', 'Pedro', 'Rosa', 'Samuel', 'Tessa', 'Yusuf',
] as const; // prettier-ignore

export const LAST_NAMES = [
  'Almeida', 'Becker', 'Costa', 'Dubois', 'Eriksen', 'Fischer', 'Garcia', 'Haddad', 'Ivanova', 'Jensen', 'Kowalski',
  'Lindgren', 'Moreau', 'Novak', 'Okafor', 'Petrov', 'Rossi', 'Schneider', 'Tanaka', 'Visser',
] as const; // prettier-ignore
