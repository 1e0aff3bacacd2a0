"""French words that ask about the same thing, in housing and around an event.

A line of `NOTIONS` is one notion. `_` joins words that mean it only together. What is written here
is folded and stemmed like what people write (engagement/french.py): one form of a word is enough.
"""

# Words that tell nothing of what is asked, folded.
EMPTY = """
a afin ai ainsi allez allons alors apres as assez au aucun aucune aujourd aura aurait auront aussi
autant autre autres aux avait avant avec avez avoir avons ayant bah beaucoup bien bon bonjour bonne
bonsoir c ca car cas ce ceci cela celle celles celui cependant ces cet cette ceux chacun chaque chez
ci comme comment comptez concernant concretement contre cordialement d dans de deja depuis des
devant devons devrait devriez dire dit dites doit doivent donc dont du elle elles en encore ensuite
entre envisage envisageable envisagee envisager est et etait etant ete etes etre eu eux exactement
existe existent faire fais faisait fait faites faudra faudrait faut fera ferez feront font g h hui
il ils j jamais je juste justement l la le les leur leurs lors lorsque lui m ma madame mais me meme
memes merci mes moi moins mon monsieur n ne ni non nos normal notamment notre notres nous on ont ou
oui par parce parfois pas passe passer pendant pense pensez peu peut peuvent peux pk plupart plus
plutot possible pour pourquoi pourra pourrait pourriez pourrons pourront pouvez pouvoir pouvons
prenez prevoit prevoyez prevu prevue prevues prevus propose proposer proposez puis puisque qu quand
que quel quelle quelles quelqu quels quelque quelques question qui quid quoi raison s sa sais sait
sans savent savoir se sera serait serez seront servir ses si sinon soit sommes son sont sous souvent
suis sur t ta tant te tel telle tels tes tiens toi ton toujours tous tout toute toutes tres trop tu
un une va vais vas veulent veut veux voir vont vos votre voudrais voulez vous vraiment vu y
"""

# Words whose endings would hide what they are, short forms, and common slips.
ODD = """
travaux:chantier yeux:oeil eaux:eau appart:appartement apparts:appartement ados:adolescent
ado:adolescent proprio:proprietaire proprios:proprietaire asso:association assos:association
infos:information info:information elec:electricite clim:climatisation imm:immeuble
ascensseur:ascenseur ascenceur:ascenseur asenseur:ascenseur logt:logement lgt:logement pb:probleme
pbs:probleme tel:telephone appli:application mail:courriel mails:courriel email:courriel
locs:locataire agglo:agglomeration labo:laboratoire labos:laboratoire restau:restaurant
manif:manifestation bornes:recharge
"""

NOTIONS = """
loyer quittance échéance
charges provision locatif
augmenter hausse monter grimper flamber majorer doubler relever exploser renchérir plus_cher
baisser diminuer réduire alléger baisse économie économiser moins_cher
prix coût coûter tarif montant budget payer paiement combien régler
facture note facturer
aide allocation subvention apl fonds fsl chèque bénéficier toucher
délai attendre attente durer patienter longtemps date quand_est mois année rapidement vite
demande dossier candidature candidat demandeur papier pièces_demandées
attribuer attribution commission choisir choix sélection critère priorité prioritaire favoriser
logement appartement habitation maison hlm hébergement loger reloger héberger
bailleur organisme office société
propriétaire acheter acquérir accession achat propriété acheteur acquéreur primo
vendre vente
locataire habitant résident occupant habiter
voisin voisinage
bruit sonore tapage bruyant phonique vacarme insonoriser musique
chauffage radiateur chaudière chauffer froid température degré thermostat chaufferie
isoler isolation thermique passoire dpe énergétique
rénover chantier réhabiliter moderniser refaire ravalement remplacer changement rénovation
peindre repeindre peinture mur
panne casser bloquer hors_service dysfonctionnement fonctionner défaillant
ascenseur élévateur étage
réparer dépanner entretenir entretien maintenance intervenir technicien réparateur plombier
humide humidité moisir moisissure champignon condensation
fuite dégât inondation fuir infiltration goutter
nuisible cafard punaise rat souris blatte insecte désinsectiser
propre sale saleté nettoyer ménage hygiène laver
ordure poubelle déchet bac trier tri
encombrant meuble matelas dépôt_sauvage épave
compost composteur
sécurité insécurité sûr peur agression sécuriser
trafic dealer squat délinquance tranquillité incivilité deal drogue
caméra vidéosurveillance vidéo surveiller surveillance vidéoprotection
gardien concierge gardiennage loge
parking stationnement garage voiture garer automobile véhicule stationner
vélo cycliste bicyclette trottinette
recharger borne électrique prise
handicap handicapé fauteuil pmr accessible accessibilité mobilité_réduite invalide
âgé senior vieillir retraite aîné vieillesse vieillissement
escalier marches rez_chaussée rampe
jeune étudiant apprenti adolescent étudier étude
enfant famille bébé fils fille
seul solitude isolement isolé rompre_isolement
séparer divorce divorcer monoparental conjoint couple
mutation échanger échange changer déménagement
grand petit surpeuplé exigu pièces taille surface mètre
quitter partir départ sortie préavis congé résilier
emménager arriver arrivée accueil accueillir installer
hall entrée porte digicode interphone badge entrer
caution dépôt_garantie garant garantie
impayé dette retard expulser surendettement rembourser
étaler échelonner plusieurs_fois plusieurs_mois mensualiser
internet numérique site dématérialiser ordinateur wifi connexion
fibre optique
joindre contacter appeler téléphone courriel interlocuteur adresser
répondre réponse écouter entendre
urgence urgent dimanche week_end samedi astreinte
nuit nocturne soir
concerter consulter participer avis associer impliquer décision décider décideur parole
réunion assemblée rencontre rencontrer réunir
association amicale collectif
représentant élu conseil
prévenir informer avertir communiquer annoncer
jardin potager vert arbre végétaliser nature plante planter pelouse fleur verdure
partager commun mutualiser
immeuble bâtiment résidence tour
quartier cité
commerce magasin boutique commerçant épicerie
transport bus tram métro train
école scolaire classe
crèche garderie garder_enfant
santé médecin médical soin docteur
jeu jouer
sport gymnase
construire construction bâtir neuf construit
démolir raser détruire démolition
électricité
solaire panneau photovoltaïque
énergie gaz
eau compteur robinet
climat environnement écologie carbone
canicule chaleur climatisation chaud été fraîcheur
mixité ghetto pauvreté pauvre concentrer
discriminer racisme anonyme égalité
vide vacant inoccupé vacance
emploi chômage travail salarié embaucher réembaucher insertion chômeur recruter
droit autoriser permettre interdire interdit légal obligatoire permis
financer financement investir investissement argent moyens ressource
résultat bilan évaluer efficace conclusion
satisfaction content enquête satisfait sondage
idée proposition suggestion
suite action concret concrètement
lien entraide solidarité solidaire convivialité service fête
supprimer disparaître fermer
ouvrir rouvrir ouverture horaires heure
créer lancer monter_une
ancien vieux vétuste dégradé délabré abîmé
local salle pièce_commune
lumière éclairage éclairer lampe
fenêtre vitrage volet
salle_bain douche baignoire
air aérer ventilation vmc courant_air
toit toiture
balcon terrasse
clé état_lieux
louer location sous_louer colocation
chambre pièce
animal chien chat
plaindre réclamation signaler recours plainte contester
conflit médiateur médiation dispute
sanction respecter règle règlement
violence violent menacer battu
ville commune maire mairie municipalité
état gouvernement loi ministre
accompagner soutenir soutien
replay revoir enregistrement vidéo_conférence
synthèse compte_rendu publier résumé
"""
