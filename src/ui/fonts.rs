//! The bundled fonts: Inter for words, JetBrains Mono for what the server sent.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};

const INTER: &str = "Inter";
const INTER_MEDIUM: &str = "Inter Medium";
const INTER_SEMIBOLD: &str = "Inter SemiBold";
const MONO: &str = "JetBrains Mono";
const MONO_MEDIUM: &str = "JetBrains Mono Medium";

/// Inter Medium: headings of columns, tabs.
#[must_use]
pub fn medium() -> FontFamily {
    FontFamily::Name(INTER_MEDIUM.into())
}

/// Inter SemiBold: what is selected, titles, badges.
#[must_use]
pub fn semibold() -> FontFamily {
    FontFamily::Name(INTER_SEMIBOLD.into())
}

/// JetBrains Mono Medium: emphasis in code.
#[must_use]
pub fn mono_medium() -> FontFamily {
    FontFamily::Name(MONO_MEDIUM.into())
}

/// All faces, each family falling back to the other so that a symbol of one is found from both.
#[must_use]
pub fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::empty();
    let faces: [(&str, &'static [u8]); 5] = [
        (
            INTER,
            include_bytes!("../../assets/fonts/Inter-Regular.otf"),
        ),
        (
            INTER_MEDIUM,
            include_bytes!("../../assets/fonts/Inter-Medium.otf"),
        ),
        (
            INTER_SEMIBOLD,
            include_bytes!("../../assets/fonts/Inter-SemiBold.otf"),
        ),
        (
            MONO,
            include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf"),
        ),
        (
            MONO_MEDIUM,
            include_bytes!("../../assets/fonts/JetBrainsMono-Medium.ttf"),
        ),
    ];
    for (name, bytes) in faces {
        let mut data = FontData::from_static(bytes);
        data.tweak.thin_space_width = 0.8;
        fonts.font_data.insert(name.to_owned(), Arc::new(data));
    }
    let families = [
        (FontFamily::Proportional, [INTER, MONO]),
        (FontFamily::Monospace, [MONO, INTER]),
        (medium(), [INTER_MEDIUM, MONO]),
        (semibold(), [INTER_SEMIBOLD, MONO]),
        (mono_medium(), [MONO_MEDIUM, INTER]),
    ];
    for (family, faces) in families {
        fonts
            .families
            .insert(family, faces.map(str::to_owned).to_vec());
    }
    fonts
}
