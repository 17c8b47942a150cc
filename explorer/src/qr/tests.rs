#![expect(clippy::arithmetic_side_effects, reason = "tests compute with small known numbers")]

use hefu_contracts::gs1::Epc;
use rxing::{BarcodeFormat, helpers::detect_in_luma};

use super::*;

/// A picture, one byte a pixel.
struct Picture {
    pixels: Vec<u8>,
    side: usize,
}

impl Picture {
    fn of_png(file: &[u8]) -> Picture {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.color_type), (info.height, png::ColorType::Grayscale));
        pixels.truncate(info.buffer_size());
        Picture { pixels, side: usize::try_from(info.width).unwrap() }
    }

    /// Draws the SVG's one dark path, `M4 4h7v1h-7z…`, at some pixels a module.
    fn of_svg(svg: &str, scale: usize) -> Picture {
        let number = |text: &str| text.parse::<usize>().unwrap();
        let view = svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap();
        let side = number(view) * scale;
        let mut pixels = vec![255; side * side];
        let path = svg.split("fill=\"#000\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        for run in path.split('M').skip(1) {
            let (start, rest) = run.split_once('h').unwrap();
            let (x, y) = start.split_once(' ').unwrap();
            let length = number(rest.split('v').next().unwrap());
            let (x, y) = (number(x) * scale, number(y) * scale);
            for row in y..y + scale {
                pixels[row * side + x..row * side + x + length * scale].fill(0);
            }
        }
        Picture { pixels, side }
    }

    fn read_by_rqrr(&self) -> String {
        let pixel = |x, y| self.pixels[y * self.side + x];
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(self.side, self.side, pixel);
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    fn read_by_rxing(&self) -> String {
        let side = u32::try_from(self.side).unwrap();
        let read = detect_in_luma(self.pixels.clone(), side, side, Some(BarcodeFormat::QR_CODE)).unwrap();
        read.getText().to_owned()
    }
}

fn links() -> Vec<String> {
    let items = [
        ("https://t.example", "https://id.gs1.org/01/09528880010021/21/7K3M9Q2X4BHT6WZ0N5PD"),
        ("http://127.0.0.1:8080", "https://id.gs1.org/01/09528880010021/21/7K3M"),
        ("https://trace.example.com", "https://id.gs1.org/01/09528880010021/21/a%2Fb-c"),
    ];
    items.map(|(origin, epc)| link(&origin.parse().unwrap(), &Epc::parse(epc).unwrap())).to_vec()
}

#[test]
fn a_link_is_in_capitals_as_far_as_it_may_be() {
    let expected = [
        "HTTPS://T.EXAMPLE/01/09528880010021/21/7K3M9Q2X4BHT6WZ0N5PD",
        "HTTP://127.0.0.1:8080/01/09528880010021/21/7K3M",
        "HTTPS://TRACE.EXAMPLE.COM/01/09528880010021/21/a%2Fb-c",
    ];
    assert_eq!(links(), expected);
}

#[test]
fn what_two_decoders_read_in_an_svg_is_the_link() {
    for link in links() {
        for scale in [2, 4, 7] {
            let picture = Picture::of_svg(&svg(&link, MODULE_MM).unwrap(), scale);
            assert_eq!((picture.read_by_rqrr(), picture.read_by_rxing()), (link.clone(), link.clone()));
        }
    }
}

#[test]
fn what_two_decoders_read_in_a_png_is_the_link() {
    for link in links() {
        for pixels in [2, 3, 8] {
            let picture = Picture::of_png(&png(&link, MODULE_MM, pixels).unwrap());
            assert_eq!((picture.read_by_rqrr(), picture.read_by_rxing()), (link.clone(), link.clone()));
        }
    }
}

#[test]
fn capitals_spare_modules() {
    let width = |link: &str| encode(link).unwrap().width();
    let link = &links()[0];
    assert_eq!((width(link), width(&link.to_ascii_lowercase())), (29, 33));
}

#[test]
fn a_code_has_its_size_in_millimetres_and_four_light_modules_around_it() {
    let text = svg(&links()[0], 0.495).unwrap();
    assert!(text.contains("width=\"18.315mm\"") && text.contains("viewBox=\"0 0 37 37\""), "{text}");
    let picture = Picture::of_svg(&text, 1);
    let light = |x: usize, y: usize| picture.pixels[y * picture.side + x] == 255;
    let frame = (0..37).all(|at| (0..4).all(|edge| light(at, edge) && light(edge, at) && light(at, 36 - edge)));
    assert!(frame && !light(4, 4) && !light(32, 4));
    let file = png(&links()[0], 0.5, 8).unwrap();
    let info = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap().info().clone();
    assert_eq!(info.pixel_dims.unwrap().xppu, 16_000);
    assert_eq!((info.width, info.bit_depth), (296, png::BitDepth::One));
}

#[test]
fn what_could_not_be_scanned_is_not_drawn() {
    let link = &links()[0];
    for module_mm in [0.0, -1.0, 0.2, 11.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(svg(link, module_mm), Err(BadCode::Millimetres(_))), "{module_mm}");
        assert!(matches!(png(link, module_mm, 8), Err(BadCode::Millimetres(_))), "{module_mm}");
    }
    for pixels in [0, 33, u32::MAX] {
        assert!(matches!(png(link, 0.5, pixels), Err(BadCode::Pixels(_))), "{pixels}");
    }
    assert!(matches!(svg(&"A".repeat(4_000), 0.5), Err(BadCode::Long(_))));
}
