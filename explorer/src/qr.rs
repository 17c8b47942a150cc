//! QR codes that hold a GS1 Digital Link.
//!
//! The part before the serial number is in capitals, as the compact alphanumeric mode needs: 29 instead of 33 modules
//! for a domain of 17 characters. Error correction is M, the quiet zone 4 modules (ISO/IEC 18004 §6.3.8), and nothing is
//! laid over the code: a hole of 4 % uses up all that M corrects.

use hefu_contracts::gs1::Epc;
use qrcode::{Color, EcLevel, QrCode, types::QrError};
use thiserror::Error;

use crate::Origin;

/// Light modules around the code.
const QUIET: usize = 4;

/// Least width of a module in millimetres that scanners in shops are specified for (GS1 General Specifications §5.12).
pub const MODULE_MM_MIN: f64 = 0.375;

/// Greatest width of a module in millimetres that is drawn.
pub const MODULE_MM_MAX: f64 = 10.0;

/// Width of a module in millimetres where none is asked for: four dots of a printer with 203 dots an inch.
pub const MODULE_MM: f64 = 0.495;

/// Most pixels for a module of a PNG.
pub const MODULE_PIXELS_MAX: u32 = 32;

/// Why a code cannot be drawn.
#[derive(Debug, Error)]
pub enum BadCode {
    /// The link is longer than a QR code holds.
    #[error("the link is too long for a QR code")]
    Long(#[from] QrError),
    /// The picture could not be written.
    #[error("the picture could not be written")]
    Png(#[from] png::EncodingError),
    /// The modules would be too small or too large.
    #[error("modules of {0} mm are asked for, {MODULE_MM_MIN} to {MODULE_MM_MAX} are drawn")]
    Millimetres(f64),
    /// Too few or too many pixels.
    #[error("modules of {0} pixels are asked for, 1 to {MODULE_PIXELS_MAX} are drawn")]
    Pixels(u32),
}

/// What a label's QR code holds: `HTTPS://T.EXAMPLE/01/09528880010021/21/7K3M`.
pub fn link(origin: &Origin, epc: &Epc) -> String {
    format!("{}/{}", origin.to_string().to_ascii_uppercase(), epc.path())
}

fn encode(text: &str) -> Result<QrCode, BadCode> {
    Ok(QrCode::with_error_correction_level(text, EcLevel::M)?)
}

/// The runs of dark modules of each row, as row, first column and length, the quiet zone counted in.
fn runs(code: &QrCode) -> Vec<(usize, usize, usize)> {
    let mut runs = Vec::new();
    for (row, colors) in code.to_colors().chunks(code.width()).enumerate() {
        let mut column = 0_usize;
        for run in colors.chunk_by(|a, b| a == b) {
            if run.first() == Some(&Color::Dark) {
                runs.push((row.saturating_add(QUIET), column.saturating_add(QUIET), run.len()));
            }
            column = column.saturating_add(run.len());
        }
    }
    runs
}

fn side(code: &QrCode) -> usize {
    code.width().saturating_add(2 * QUIET)
}

/// The code as an SVG of its size in millimetres, to stand in a page or in a file.
///
/// # Errors
/// [`BadCode`] where the link is too long or the modules too small or too large.
pub fn svg(link: &str, module_mm: f64) -> Result<String, BadCode> {
    if !(MODULE_MM_MIN..=MODULE_MM_MAX).contains(&module_mm) {
        return Err(BadCode::Millimetres(module_mm));
    }
    let code = encode(link)?;
    let side = side(&code);
    let modules = u32::try_from(side).unwrap_or(u32::MAX);
    let mm = f64::from(modules) * module_mm;
    let path: String = runs(&code).iter().map(|(y, x, length)| format!("M{x} {y}h{length}v1h-{length}z")).collect();
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{mm:.3}mm\" height=\"{mm:.3}mm\" viewBox=\"0 0 {side} {side}\" \
         role=\"img\" aria-label=\"QR\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/>\
         <path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

/// The code as a PNG of one bit a pixel, which also tells printers its size.
///
/// # Errors
/// [`BadCode`] as for [`svg`], and where the modules have no or too many pixels.
pub fn png(link: &str, module_mm: f64, module_pixels: u32) -> Result<Vec<u8>, BadCode> {
    if !(MODULE_MM_MIN..=MODULE_MM_MAX).contains(&module_mm) {
        return Err(BadCode::Millimetres(module_mm));
    }
    let pixels = usize::try_from(module_pixels).unwrap_or(usize::MAX);
    if !(1..=MODULE_PIXELS_MAX).contains(&module_pixels) {
        return Err(BadCode::Pixels(module_pixels));
    }
    let code = encode(link)?;
    let width = side(&code).saturating_mul(pixels);
    let stride = width.div_ceil(8);
    let mut rows = vec![vec![0xff_u8; stride]; side(&code)];
    for (y, x, length) in runs(&code) {
        let Some(row) = rows.get_mut(y) else { continue };
        for pixel in x.saturating_mul(pixels)..x.saturating_add(length).saturating_mul(pixels) {
            if let Some(byte) = row.get_mut(pixel / 8) {
                *byte &= !(0x80 >> (pixel % 8));
            }
        }
    }
    let picture: Vec<u8> = rows.iter().flat_map(|row| row.repeat(pixels)).collect();
    let across = u32::try_from(width).unwrap_or(u32::MAX);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, across, across);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_pixel_dims(Some(density(module_mm, module_pixels)));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&picture)?;
    writer.finish()?;
    Ok(file)
}

/// Pixels a metre.
fn density(module_mm: f64, module_pixels: u32) -> png::PixelDimensions {
    let per_metre = (f64::from(module_pixels) * 1_000.0 / module_mm).round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 32 pixels in 0.375 mm")]
    let per_metre = per_metre as u32;
    png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit: png::Unit::Meter }
}

#[cfg(test)]
mod tests;
