"""English words that tell what kind of name they stand in or beside."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TITLES = _words(
    """
    Mr Mr. Mrs Mrs. Ms Ms. Dr Dr. Prof Prof. Professor President Vice-President Premier Chancellor Minister Senator
    Sen Sen. Rep Rep. Representative Congressman Congresswoman Gov Gov. Governor Mayor King Queen Prince Princess Pope
    Sir Lord Lady Dame Judge Justice General Gen Gen. Colonel Col Col. Captain Capt Capt. Lieutenant Lt Lt. Sergeant
    Sgt Sgt. Major Admiral Secretary Ambassador Sheikh Rabbi Reverend Rev Rev. Imam Ayatollah Cardinal Bishop
    Archbishop Emperor Empress Duke Duchess Tsar Sultan Sheriff Detective Inspector Commissioner Coach Actor Actress
    Singer Founder Prime Vice First Deputy Press Foreign CEO CFO CTO Chairman Chairwoman Spokesman Spokeswoman
    spokesman spokeswoman actor actress singer founder coach president minister senator chairman director author
    lawyer
    """
)
"""Before a person's name."""
SPEAKING = _words(
    """
    said says told tells added announced wrote writes tweeted explained argued who whose
    """
)
"""After a person's name."""
ARTICLES = _words("the The a A an An this This that our Our your my its their his her")
WHERE = _words("in near")
ORG_LAST = _words(
    """
    Inc Inc. Corp Corp. Corporation Ltd Ltd. LLC PLC plc Co Co. Company Group Holdings Bank Bancorp University
    Institute College School Academy Ministry Department Agency Council Committee Commission Association Federation
    Union Party Court Parliament Senate Congress Police Navy Army Guard Church Club Foundation Fund Bureau Authority
    Office Airlines Airways Motors Technologies Systems Labs Laboratory Studios Pictures Records Entertainment Media
    Times Post Journal News Herald Tribune Gazette Telegraph Chronicle Magazine FC F.C. United Hospital Museum Society
    Organization Organisation Alliance Coalition Front Brigade Administration Service Services Trust Partners Capital
    Securities Exchange League Rangers Lakers Clippers Dodgers Angels Padres Chargers Rams Kings Ducks Warriors Giants
    Yankees Eagles Cowboys Patriots Bulls Celtics Government Board Cabinet Democrats Republicans Taskforce Forces
    Pharmaceuticals Energy Petroleum Electric
    """
)
"""At the end of an organisation's name."""
ORG_HEADS = _words(
    """
    Ministry Department University Bank Institute Church Office Bureau Association Federation Academy College Council
    Court House Board Chamber Committee Commission Centers Center Centre School Society Union Party Church
    Organization Organisation Agency League Parliament Museum
    """
)
"""Before “of” in an organisation's name."""
PLACE_LAST = _words(
    """
    River Lake Island Islands Mountain Mountains Bay Street Avenue Road County Province Valley Sea Ocean Airport
    Square Park Peninsula Desert Canyon Gorge Strait Gulf Beach Hills Falls Coast Bridge District Region Oblast
    Republic Kingdom Empire Territory Cinema Stadium Station Harbor Harbour Castle Palace Tower Plateau Canal
    """
)
PLACE_FIRST = _words("Lake Mount Mt. River Cape Fort Gulf Sea Bay Strait Isle Republic Kingdom Port")
DEMONYMS = _words(
    """
    American British English French German Russian Ukrainian Chinese Japanese Korean Indian Pakistani Iranian Iraqi
    Israeli Palestinian Syrian Turkish Greek Italian Spanish Portuguese Dutch Belgian Swiss Austrian Swedish Norwegian
    Danish Finnish Polish Czech Slovak Hungarian Romanian Bulgarian Serbian Croatian Albanian Egyptian Libyan Tunisian
    Moroccan Algerian Nigerian Kenyan Ethiopian Somali African Asian European Australian Canadian Mexican Brazilian
    Argentine Chilean Colombian Venezuelan Cuban Afghan Saudi Arab Arabic Kurdish Scottish Welsh Irish Latin Victorian
    Western Eastern Northern Southern Islamic Christian Muslim Jewish Catholic Protestant Orthodox Hindu Buddhist
    Soviet Nazi Communist Republican Democratic Conservative Labour Liberal Norman Roman Byzantine Californian Texan
    Parisian
    """
)
NO_NAMES = _words(
    """
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August
    September October November December Mon Tue Wed Thu Fri Sat Sun Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec
    Christmas Easter Ramadan Halloween Thanksgiving Internet Web God Bible Quran Earth Sun CEO CFO CTO AI API TV PC CD
    DVD OK LOL DNA RNA GDP IT PhD ID CV FAQ PDF URL USB CPU GPU OS RT DM PM AM ICO NFT BTC ETH USD EUR Covid COVID
    COVID-19 Coronavirus Bitcoin Ethereum Video Photo Photos Breaking News Update Live Watch Read More Click Subscribe
    Join Today Yesterday Tomorrow Morning Good Happy Love Wow Day Night Week Year Season Episode Part Chapter Figure
    Table Act Bill Law War World Cup Games Olympics Olympic Prize Award Awards Championship Championships Tour Prix
    Festival Report Reports Index Model Class Type Mark Goals Theory Theorem Effect Cycle Machine Program Programme
    Project Mission Process Version App Phone Series Show Movie Film Album Song Book Windows
    """
)
"""Words with a capital that are no part of the name of a person or place."""
UNSURE_GIVEN = _words(
    """
    Amber Art Ashley Austin Barack Bill Cameron Carmen Charlotte Chelsea Christian Chuck Claude Clint Crystal Daisy
    Dean Dick Don Ed Eve Faith Florence Frank Gloria Grant Guy Harvey Holly Hope Jack Jay Jean Jose Josh Kelly Kim
    Lewis Lou Marion Mark Max May Morgan Nelson Norman Oracle Penny Randy Ray Rich Robin Roman Rosa Rose Rowan Sandy
    Sofia Stanley Sue Taylor Tiffany Victor Victoria Vera Virginia Warren Will Winston Xi
    """
)
"""Given names that alone are as often something else."""
