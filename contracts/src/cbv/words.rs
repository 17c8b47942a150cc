//! The vocabularies whose bare words an event in JSON has, and their full form (CBV 2.0 §7, GS1 Web Vocabulary).

/// A vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// No vocabulary: any value.
    None,
    /// Business steps.
    Steps,
    /// Dispositions.
    Dispositions,
    /// Types of business transactions.
    Transactions,
    /// Roles of sources and destinations.
    Roles,
    /// Types of measurements.
    Measurements,
    /// Alerts of sensors.
    Alerts,
    /// Components of measurements.
    Components,
}

impl Words {
    /// The full form of a word of the vocabulary; `None` for anything else, which stays as it is.
    pub(crate) fn full(self, word: &str) -> Option<String> {
        let (start, words): (&str, &[&str]) = match self {
            Words::None => return None,
            Words::Steps => ("https://ref.gs1.org/cbv/BizStep-", &STEPS),
            Words::Dispositions => ("https://ref.gs1.org/cbv/Disp-", &DISPOSITIONS),
            Words::Transactions => ("https://ref.gs1.org/cbv/BTT-", &TRANSACTIONS),
            Words::Roles => ("https://ref.gs1.org/cbv/SDT-", &ROLES),
            Words::Measurements => ("https://gs1.org/voc/", &MEASUREMENTS),
            Words::Alerts => ("https://gs1.org/voc/", &ALERTS),
            Words::Components => ("https://ref.gs1.org/cbv/Comp-", &COMPONENTS),
        };
        words.contains(&word).then(|| format!("{start}{word}"))
    }
}

/// CBV 2.0 §7.1.
const STEPS: [&str; 41] = [
    "accepting",
    "arriving",
    "assembling",
    "collecting",
    "commissioning",
    "consigning",
    "creating_class_instance",
    "cycle_counting",
    "decommissioning",
    "departing",
    "destroying",
    "disassembling",
    "dispensing",
    "encoding",
    "entering_exiting",
    "holding",
    "inspecting",
    "installing",
    "killing",
    "loading",
    "other",
    "packing",
    "picking",
    "receiving",
    "removing",
    "repackaging",
    "repairing",
    "replacing",
    "reserving",
    "retail_selling",
    "sampling",
    "sensor_reporting",
    "shipping",
    "staging_outbound",
    "stock_taking",
    "stocking",
    "storing",
    "transporting",
    "unloading",
    "unpacking",
    "void_shipping",
];

/// CBV 2.0 §7.2.
const DISPOSITIONS: [&str; 33] = [
    "active",
    "available",
    "completeness_inferred",
    "completeness_verified",
    "conformant",
    "container_closed",
    "container_open",
    "damaged",
    "destroyed",
    "dispensed",
    "disposed",
    "encoded",
    "expired",
    "in_progress",
    "in_transit",
    "inactive",
    "mismatch_class",
    "mismatch_instance",
    "mismatch_quantity",
    "needs_replacement",
    "no_pedigree_match",
    "non_conformant",
    "non_sellable_other",
    "partially_dispensed",
    "recalled",
    "reserved",
    "retail_sold",
    "returned",
    "sellable_accessible",
    "sellable_not_accessible",
    "stolen",
    "unavailable",
    "unknown",
];

/// CBV 2.0 §7.3.
const TRANSACTIONS: [&str; 13] = [
    "bol",
    "cert",
    "desadv",
    "inv",
    "pedigree",
    "po",
    "poc",
    "prodorder",
    "recadv",
    "rma",
    "testprd",
    "testres",
    "upevt",
];

/// CBV 2.0 §7.4.
const ROLES: [&str; 3] = ["location", "owning_party", "possessing_party"];

/// GS1 Web Vocabulary, MeasurementType.
const MEASUREMENTS: [&str; 72] = [
    "AbsoluteHumidity",
    "AbsorbedDose",
    "AbsorbedDoseRate",
    "Acceleration",
    "Altitude",
    "AmountOfSubstance",
    "AmountOfSubstancePerUnitVolume",
    "Angle",
    "AngularAcceleration",
    "AngularMomentum",
    "AngularVelocity",
    "Area",
    "Capacitance",
    "Conductance",
    "Conductivity",
    "Count",
    "Density",
    "Dimensionless",
    "DoseEquivalent",
    "DoseEquivalentRate",
    "DynamicViscosity",
    "ElectricCharge",
    "ElectricCurrent",
    "ElectricCurrentDensity",
    "ElectricFieldStrength",
    "Energy",
    "Exposure",
    "Force",
    "Frequency",
    "Illuminance",
    "Inductance",
    "Irradiance",
    "KinematicViscosity",
    "Length",
    "LinearMomentum",
    "Luminance",
    "LuminousFlux",
    "LuminousIntensity",
    "MagneticFlux",
    "MagneticFluxDensity",
    "MagneticVectorPotential",
    "Mass",
    "MassConcentration",
    "MassFlowRate",
    "MassPerAreaTime",
    "MemoryCapacity",
    "MolalityOfSolute",
    "MolarEnergy",
    "MolarMass",
    "MolarVolume",
    "Power",
    "Pressure",
    "RadiantFlux",
    "RadiantIntensity",
    "Radioactivity",
    "RelativeHumidity",
    "Resistance",
    "Resistivity",
    "SolidAngle",
    "SpecificVolume",
    "Speed",
    "SurfaceDensity",
    "SurfaceTension",
    "Temperature",
    "Time",
    "Torque",
    "Voltage",
    "Volume",
    "VolumeFlowRate",
    "VolumeFraction",
    "VolumetricFlux",
    "Wavenumber",
];

/// GS1 Web Vocabulary, SensorAlertType.
const ALERTS: [&str; 2] = ["ALARM_CONDITION", "ERROR_CONDITION"];

/// CBV 2.0, components.
const COMPONENTS: [&str; 14] = [
    "altitude",
    "axial_distance",
    "azimuth",
    "easting",
    "elevation_angle",
    "height",
    "latitude",
    "longitude",
    "northing",
    "polar_angle",
    "spherical_radius",
    "x",
    "y",
    "z",
];
