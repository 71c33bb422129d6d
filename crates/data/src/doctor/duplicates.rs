//! Pictures that occur more than once, to the pixel or nearly.

use std::collections::HashMap;

use super::alike;
use super::checkup::{Finding, Kind};
use super::look::Look;
use super::material::Material;

/// Groups of exact duplicates, each in order.
pub(super) fn exact(material: &Material) -> Vec<Vec<usize>> {
    let mut places: HashMap<[u8; 32], usize> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, facts) in material.facts() {
        let place = *places.entry(facts.pixels).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(index);
    }
    groups.retain(|group| group.len() > 1);
    groups
}

/// Whether the pictures of a group don't all show the same classes.
pub(super) fn contradict(material: &Material, group: &[usize]) -> bool {
    let first = material.shows(group[0]);
    group.iter().any(|index| material.shows(*index) != first)
}

/// Findings about exact duplicates.
pub(super) fn exact_findings(material: &Material, groups: &[Vec<usize>]) -> Vec<Finding> {
    let those = |wanted: &dyn Fn(&[usize]) -> bool| -> Vec<&[usize]> {
        let all = groups.iter().map(Vec::as_slice);
        all.filter(|group| wanted(group)).collect()
    };
    let across = those(&|group| material.across(group));
    let contradicting = those(&|group| contradict(material, group));
    let harmless = those(&|group| !material.across(group) && !contradict(material, group));
    let how = |group: &[usize]| {
        let file = |index: &usize| material.seen[*index].as_ref().ok().and_then(|it| it.file);
        let first = file(&group[0]);
        if first.is_some() && group.iter().all(|index| file(index) == first) {
            "the same file".to_string()
        } else {
            "the same pixels".to_string()
        }
    };
    let copies = harmless.iter().map(|group| group.len() - 1).sum();
    [
        (Kind::SamePictureAcrossSplit, across.len(), across),
        (
            Kind::ConflictingDuplicates,
            contradicting.len(),
            contradicting,
        ),
        (Kind::ExactDuplicates, copies, harmless),
    ]
    .into_iter()
    .map(|(kind, count, groups)| Finding::new(kind, count, material.groups(&groups, how)))
    .collect()
}

/// Findings about near duplicates. Only the first of exact duplicates is compared.
pub(super) fn near_findings(material: &Material, exact: &[Vec<usize>]) -> Vec<Finding> {
    let copies: std::collections::HashSet<usize> = exact
        .iter()
        .flat_map(|group| &group[1..])
        .copied()
        .collect();
    let pictures: Vec<(usize, u64, &Look)> = material
        .facts()
        .filter(|(index, facts)| !facts.blank && !copies.contains(index))
        .map(|(index, facts)| (index, facts.hash, &facts.look))
        .collect();
    let compared: Vec<(u64, &Look)> = pictures
        .iter()
        .map(|&(_, hash, look)| (hash, look))
        .collect();
    let groups: Vec<Vec<usize>> = alike::groups(&compared)
        .into_iter()
        .map(|group| group.into_iter().map(|place| pictures[place].0).collect())
        .collect();
    let (across, within): (Vec<&[usize]>, Vec<&[usize]>) = groups
        .iter()
        .map(Vec::as_slice)
        .partition(|group| material.across(group));
    let how = |group: &[usize]| format!("{} pictures look the same", group.len());
    [
        (Kind::NearDuplicatesAcrossSplit, across),
        (Kind::NearDuplicates, within),
    ]
    .map(|(kind, groups)| Finding::new(kind, groups.len(), material.groups(&groups, how)))
    .into()
}
