//! Whole graphs: order, folding, errors that name the node.

use prost::Message;

use crate::proto::{
    AttributeProto, AttributeType, DataType, DimensionProto, GraphProto, ModelProto, NodeProto,
    OperatorSetIdProto, StringStringEntryProto, TensorProto, TensorShapeProto, TensorTypeProto,
    TypeProto, ValueInfoProto,
};
use crate::{Dimension, Kind, Model, Tensor};

fn node(operator: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    NodeProto {
        op_type: operator.into(),
        input: inputs.iter().map(|name| name.to_string()).collect(),
        output: outputs.iter().map(|name| name.to_string()).collect(),
        ..NodeProto::default()
    }
}

fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        i: Some(value),
        r#type: AttributeType::Int.into(),
        ..AttributeProto::default()
    }
}

fn info(name: &str, sides: &[Option<i64>]) -> ValueInfoProto {
    let dim = |side: &Option<i64>| DimensionProto {
        dim_value: *side,
        dim_param: side.is_none().then(|| "N".into()),
    };
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto {
            tensor_type: Some(TensorTypeProto {
                elem_type: DataType::Float.into(),
                shape: Some(TensorShapeProto {
                    dim: sides.iter().map(dim).collect(),
                }),
            }),
        }),
        ..ValueInfoProto::default()
    }
}

fn floats(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: dims.to_vec(),
        data_type: DataType::Float.into(),
        float_data: values.to_vec(),
        ..TensorProto::default()
    }
}

/// `y = relu(x + a * b)`, with its nodes in the wrong order and one that nothing needs.
fn model() -> ModelProto {
    let mut named = node("Relu", &["sum"], &["y"]);
    named.name = "last".into();
    ModelProto {
        ir_version: Some(8),
        producer_name: "test".into(),
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: Some(18),
        }],
        metadata_props: vec![StringStringEntryProto {
            key: "classes".into(),
            value: "a,b".into(),
        }],
        graph: Some(GraphProto {
            node: vec![
                named,
                node("Add", &["x", "product"], &["sum"]),
                node("Mul", &["a", "b"], &["product"]),
                node("NoSuchOperator", &["x"], &["unused"]),
            ],
            initializer: vec![floats("a", &[2], &[1.0, 2.0]), floats("b", &[], &[-3.0])],
            input: vec![info("x", &[None, Some(2)])],
            output: vec![info("y", &[None, Some(2)])],
            ..GraphProto::default()
        }),
        ..ModelProto::default()
    }
}

fn read(model: &ModelProto) -> Result<Model, String> {
    Model::read(&model.encode_to_vec()).map_err(|error| error.to_string())
}

/// The error of the model after a change.
fn refused(change: impl Fn(&mut ModelProto, &mut GraphProto)) -> String {
    let mut changed = model();
    let mut graph = changed.graph.take().unwrap();
    change(&mut changed, &mut graph);
    changed.graph = Some(graph);
    read(&changed).unwrap_err()
}

#[test]
fn onnx_graphs_are_sorted_and_folded() {
    let model = read(&model()).unwrap();
    assert_eq!(model.producer(), "test");
    assert_eq!(model.metadata()["classes"], "a,b");
    assert_eq!(model.inputs()[0].kind, Some(Kind::F32));
    let sides = [Dimension::Named("N".into()), Dimension::Fixed(2)];
    assert_eq!(model.inputs()[0].shape.as_deref(), Some(&sides[..]));
    assert_eq!(model.outputs()[0].to_string(), "'y' (float [N, 2])");
    assert_eq!(model.nodes.len(), 2, "the product is computed beforehand");

    let x = Tensor::new(&[3, 2], vec![1f32, 7.0, 4.0, 6.0, 3.5, -1.0]).unwrap();
    let made = model.run(&[("x", x)]).unwrap();
    let expected = Tensor::new(&[3, 2], vec![0f32, 1.0, 1.0, 0.0, 0.5, 0.0]).unwrap();
    assert_eq!(made, [("y".to_string(), expected)]);
}

#[test]
fn onnx_inputs_are_checked() {
    let model = read(&model()).unwrap();
    let run = |inputs: &[(&str, Tensor)]| model.run(inputs).unwrap_err().to_string();
    let tensor = |shape: &[usize]| Tensor::new(shape, vec![0f32; shape.iter().product()]).unwrap();
    let all = "; the model's inputs are: 'x' (float [N, 2])";
    assert_eq!(run(&[]), format!("the input 'x' is missing{all}"));
    let both = [("x", tensor(&[1, 2])), ("z", tensor(&[1]))];
    assert_eq!(run(&both), format!("there is no input 'z'{all}"));
    let wide = [("x", tensor(&[1, 3]))];
    assert_eq!(
        run(&wide),
        format!("the input 'x' has the shape [1, 3]{all}")
    );
    let whole = [("x", Tensor::new(&[1, 2], vec![1i64, 2]).unwrap())];
    assert_eq!(run(&whole), format!("the input 'x' is given as int64{all}"));
    assert!(Tensor::new(&[2, 2], vec![0f32; 3]).is_err());
}

#[test]
fn onnx_errors_name_the_node() {
    let cases = [
        (
            "an unknown operator",
            refused(|_, graph| graph.node[1].op_type = "Loop".into()),
            "node 'sum' needs the operator Loop, which is not supported",
        ),
        (
            "another domain",
            refused(|_, graph| graph.node[0].domain = "com.example".into()),
            "node 'last' needs the operator com.example.Relu, which is not supported",
        ),
        (
            "a circle",
            refused(|_, graph| graph.node[1].input[1] = "y".into()),
            "node 'last' (Relu): it depends on its own output",
        ),
        (
            "a value from nowhere",
            refused(|_, graph| graph.node[2].input[0] = "c".into()),
            "the value 'c', which node 'product' need, is computed nowhere",
        ),
        (
            "two definitions",
            refused(|_, graph| graph.node[1].output[0] = "a".into()),
            "the value 'sum', which node 'last' need, is computed nowhere",
        ),
        (
            "a constant that does not fold",
            refused(|_, graph| graph.initializer[1] = floats("b", &[3], &[1.0; 3])),
            "node 'product' (Mul): shapes [[2], [3]] do not match",
        ),
        (
            "a tensor without all of its values",
            refused(|_, graph| graph.initializer[0].dims = vec![1 << 40]),
            "tensor 'a' holds 2 values, but its shape [1099511627776] needs 1099511627776",
        ),
        (
            "a negative side",
            refused(|_, graph| graph.initializer[0].dims = vec![-1]),
            "tensor 'a' has the shape [-1]",
        ),
        (
            "an old version",
            refused(|model, _| model.opset_import[0].version = Some(6)),
            "the model uses version 6 of ONNX's operators; versions 7 to 28 are supported: export it with one of these",
        ),
        (
            "an output from nowhere",
            refused(|_, graph| graph.output[0].name = "z".into()),
            "the value 'z', which the model's outputs need, is computed nowhere",
        ),
    ];
    for (name, error, expected) in cases {
        assert_eq!(error, expected, "{name}");
    }
    let error = refused(|_, graph| {
        graph.initializer[0].data_location = Some(1);
        graph.initializer[0].external_data = vec![StringStringEntryProto {
            key: "location".into(),
            value: "weights.bin".into(),
        }];
    });
    assert!(
        error.contains("in weights.bin, which is not read"),
        "{error}"
    );
}

#[test]
fn onnx_memory_is_limited() {
    // 2^50 values from a shape of a few bytes.
    let mut large = model();
    let graph = large.graph.as_mut().unwrap();
    graph.initializer.push(TensorProto {
        name: "shape".into(),
        dims: vec![1],
        data_type: DataType::Int64.into(),
        int64_data: vec![1 << 50],
        ..TensorProto::default()
    });
    graph.node = vec![node("ConstantOfShape", &["shape"], &["y"])];
    let error = read(&large).unwrap_err();
    assert!(
        error.starts_with("node 'y' (ConstantOfShape): a tensor of shape"),
        "{error}"
    );

    // A result that is too large only when the model runs.
    let mut grows = model();
    let graph = grows.graph.as_mut().unwrap();
    let mut conv = node("Expand", &["x", "shape"], &["y"]);
    conv.attribute = vec![int("unknown", 1)];
    graph.initializer.push(TensorProto {
        name: "shape".into(),
        dims: vec![3],
        data_type: DataType::Int64.into(),
        int64_data: vec![1 << 50, 1, 1],
        ..TensorProto::default()
    });
    graph.node = vec![conv];
    let x = Tensor::new(&[1, 2], vec![0f32; 2]).unwrap();
    let error = read(&grows)
        .unwrap()
        .run(&[("x", x)])
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("node 'y' (Expand): a tensor of shape"),
        "{error}"
    );
}

/// `y = conv(x)` with one 3x3 kernel of ones.
fn convolution(pads: i64, stride: i64) -> ModelProto {
    let ints = |name: &str, values: &[i64]| AttributeProto {
        name: name.into(),
        ints: values.to_vec(),
        r#type: AttributeType::Ints.into(),
        ..AttributeProto::default()
    };
    let mut conv = node("Conv", &["x", "w"], &["y"]);
    conv.attribute = vec![ints("pads", &[pads; 4]), ints("strides", &[stride; 2])];
    let mut made = model();
    made.graph = Some(GraphProto {
        node: vec![conv],
        initializer: vec![floats("w", &[1, 1, 3, 3], &[1.0; 9])],
        input: vec![info("x", &[Some(1), Some(1), None, None])],
        output: vec![info("y", &[Some(1), Some(1), None, None])],
        ..GraphProto::default()
    });
    made
}

#[test]
fn onnx_padding_needs_no_memory_of_its_own() {
    let run = |pads, stride, side: usize| {
        let x = Tensor::new(&[1, 1, side, side], vec![1f32; side * side]).unwrap();
        let made = read(&convolution(pads, stride)).unwrap().run(&[("x", x)]);
        let (_, y) = made.unwrap().remove(0);
        (y.shape().to_vec(), y.expect::<f32>("y").unwrap().to_vec())
    };
    // The windows at 0 and at the stride, of which the second one meets the picture.
    let (shape, y) = run(1 << 30, 1 << 30, 4);
    assert_eq!(shape, [1, 1, 3, 3]);
    assert_eq!(y.iter().sum::<f32>(), 9.0);
    assert_eq!(run(1, 1, 1), (vec![1, 1, 1, 1], vec![1.0]));
}
